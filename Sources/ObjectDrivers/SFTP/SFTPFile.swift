// SPDX-License-Identifier: Apache-2.0

import CLibssh
import Glibc
import ObjectStorage
import SluiceBase

/// An open file on a server; closed when it goes.
@safe struct SFTPFile: ~Copyable {
    private let session: SFTPSession
    /// Nil after `close`.
    private var raw: sftp_file?

    /// Bytes of one read: what every server gives at once.
    private static let readSize = 32 << 10
    /// Reads under way: 2 MiB.
    private static let readsAhead = 64

    init(_ session: SFTPSession, _ path: SFTPPath, _ flags: Int32) throws(SFTPFault) {
        self.session = session
        unsafe raw = unsafe path.call { unsafe sftp_open(session.sftp, $0, flags, 0o666) }
        guard unsafe raw != nil else { throw session.fault() }
    }

    deinit {
        guard let raw = unsafe raw else { return }
        session.pulse.beat()
        _ = unsafe sftp_close(raw)
    }

    /// Closes the file, which tells whether all was written.
    mutating func close() throws(SFTPFault) {
        guard let open = unsafe raw else { return }
        unsafe raw = nil
        session.pulse.beat()
        guard unsafe sftp_close(open) == 0 else { throw session.fault() }
    }

    /// The file's attributes.
    func status() throws(SFTPFault) -> SFTPStatus {
        guard let found = unsafe sftp_fstat(raw) else { throw session.fault() }
        defer { unsafe sftp_attributes_free(found) }
        return unsafe SFTPStatus(found.pointee)
    }

    /// Hands out a range of the file, many reads ahead.
    /// - Returns: the bytes delivered: fewer than the range has when the file became shorter.
    func read(_ range: Range<UInt64>, into sink: ByteSink) throws -> UInt64 {
        var position = range.lowerBound
        while position < range.upperBound {
            let delivered = try unsafe readAhead(position..<range.upperBound, into: sink)
            guard delivered > 0 else { break }
            position += delivered
        }
        return position - range.lowerBound
    }

    /// Reads until the end, or until a server gives less than was asked for.
    private func readAhead(_ range: Range<UInt64>, into sink: ByteSink) throws -> UInt64 {
        guard unsafe sftp_seek64(raw, range.lowerBound) == 0 else { throw session.fault() }
        var asked = range.lowerBound
        var delivered: UInt64 = 0
        var waiting: [(id: UInt32, count: Int)] = []
        var isShort = false
        var failure: (any Error)?
        unsafe withUnsafeTemporaryAllocation(byteCount: Self.readSize, alignment: 16) { buffer in
            while true {
                session.pulse.beat()
                while failure == nil, !isShort, asked < range.upperBound, waiting.count < Self.readsAhead {
                    let count = Int(min(UInt64(Self.readSize), range.upperBound - asked))
                    let id = unsafe sftp_async_read_begin(raw, UInt32(count))
                    guard id >= 0 else {
                        failure = session.fault()
                        break
                    }
                    waiting.append((UInt32(id), count))
                    asked += UInt64(count)
                }
                guard !waiting.isEmpty else { return }
                // Answers that nobody wants any more are fetched too, or they would be taken for later ones.
                let (id, count) = waiting.removeFirst()
                let got = unsafe Int(sftp_async_read(raw, buffer.baseAddress, UInt32(count), id))
                guard session.isConnected else {
                    failure = failure ?? session.fault()
                    return
                }
                if got < 0 { failure = failure ?? session.fault() }
                guard failure == nil, !isShort, got >= 0 else { continue }
                isShort = got < count
                guard got > 0 else { continue }
                // A sink may take its time: it is not the server that is silent then.
                session.pulse.rest()
                do {
                    try unsafe sink(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
                    delivered += UInt64(got)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return delivered
    }

    /// Appends bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SFTPFault) {
        var rest = unsafe bytes
        while rest.count > 0 {
            let count = min(rest.count, session.writeSize)
            session.pulse.beat()
            let written = unsafe sftp_write(raw, rest.baseAddress, count)
            guard written > 0 else { throw session.fault() }
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest[min(written, rest.count)...])
        }
        // Nor is it the server that is silent while a source is slow.
        session.pulse.rest()
    }
}
