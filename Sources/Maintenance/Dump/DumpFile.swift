// SPDX-License-Identifier: Apache-2.0
// Dumps as files: a name gets its content when all of it is on disk, or not at all.

package import BlockStore
import Glibc
package import ObjectStorage
package import SluiceBase

/// A file that is written beside its name, or standard output.
///
/// For one thread. Without `finish` nothing of a file is left.
package final class DumpFile: DumpOutput {
    private let path: ByteString?
    private let temporary: ByteString?
    private let file: FileDescriptor
    private let encoder: StreamEncoder?
    private var isFinished = false
    /// Bytes after compression.
    package private(set) var stored: UInt64 = 0

    /// Opens `path.tmp`, or standard output for nil.
    /// - Parameters:
    ///   - mode: permission bits of the file, lessened by the umask.
    ///   - format: how to compress; nil for not at all.
    package init(_ path: ByteString?, mode: UInt32 = 0o644, format: StreamFormat?) throws {
        self.path = path
        encoder = try format.map { try StreamEncoder($0) }
        guard let path else {
            temporary = nil
            let number = dup(STDOUT_FILENO)
            guard number >= 0 else { throw SystemError(errno, "dup") }
            file = FileDescriptor(adopting: number, path: "standard output")
            return
        }
        let name = path + ".tmp"
        temporary = name
        file = try FileDescriptor.open(name, [.writeOnly, .create, .truncate], mode: mode)
    }

    deinit {
        guard !isFinished, let temporary else { return }
        // What cannot be removed stays under a name that says what it is.
        try? Posix.unlink(temporary)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let encoder else { return try unsafe store(bytes) }
        unsafe try encoder.encode(bytes, ends: false) { unsafe try store($0) }
    }

    private func store(_ bytes: UnsafeRawBufferPointer) throws {
        unsafe try file.write(bytes)
        stored += UInt64(bytes.count)
    }

    /// Brings everything to stable storage and gives the file its name.
    package func finish() throws {
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        unsafe try encoder?.encode(nothing, ends: true) { unsafe try store($0) }
        guard let path, let temporary else {
            isFinished = true
            return
        }
        try file.synchronize()
        try Posix.rename(temporary, to: path)
        isFinished = true
        try DirectoryHandle(Posix.parent(of: path) ?? ".").synchronize()
    }
}

/// A dump that is read from a file or standard input; decompressed when its first bytes say so.
///
/// For one thread.
package final class DumpSource: DumpInput {
    private let file: FileDescriptor
    private let decoder: StreamDecoder?
    /// The first bytes, which were looked at.
    private var start: ArraySlice<UInt8>
    /// Whether the first bytes are those of a JSON document.
    package private(set) var looksLikeJSON: Bool
    /// Decompressed bytes that were looked at.
    private var decoded: ArraySlice<UInt8> = []

    /// Most bytes of an encrypted dump: nothing of it is authentic before all of it was decrypted in memory.
    private static let encryptedLimit = 1 << 30

    /// Opens a file, or standard input for nil.
    /// - Parameter envelope: opens the file when it is encrypted as the objects of a volume are; backups in
    ///   the bucket of such a volume are. Nil for a file that is not encrypted.
    package init(_ path: ByteString?, envelope: Envelope? = nil) throws {
        if let path {
            file = try FileDescriptor.open(path)
        } else {
            let number = dup(STDIN_FILENO)
            guard number >= 0 else { throw SystemError(errno, "dup") }
            file = FileDescriptor(adopting: number, path: "standard input")
        }
        if let envelope {
            start = try Self.decrypted(file, by: envelope)
        } else {
            start = try file.read(count: 4)[...]
        }
        let first = Array(start.prefix(4))
        decoder = try StreamFormat(startOf: first).map { try StreamDecoder($0) }
        looksLikeJSON = Self.startsJSON(first[...])
        guard decoder != nil else { return }
        var content = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe try content.withUnsafeMutableBytes { unsafe try read(into: $0) }
        decoded = content[..<count]
        looksLikeJSON = Self.startsJSON(decoded)
    }

    private static func startsJSON(_ bytes: ArraySlice<UInt8>) -> Bool {
        let blanks: Set<UInt8> = [0x20, 0x0A, 0x0D, 0x09]
        return bytes.first { !blanks.contains($0) } == UInt8(ascii: "{")
    }

    private static func decrypted(
        _ file: borrowing FileDescriptor,
        by envelope: Envelope
    ) throws -> ArraySlice<UInt8> {
        let sealed = try file.read(count: encryptedLimit + 1)
        guard sealed.count <= encryptedLimit else { throw SystemError(EFBIG, "decrypt", file.path) }
        do throws(EnvelopeError) {
            return try envelope.open(sealed)[...]
        } catch {
            throw MaintenanceError(
                .failed,
                "decrypt the dump",
                reason: error.description,
                hint: "is it encrypted, and with this key and algorithm?"
            )
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let decoder else { return try unsafe raw(buffer) }
        guard decoded.isEmpty else { return unsafe Self.take(&decoded, buffer) }
        return unsafe try decoder.decode(into: buffer) { unsafe try raw($0) }
    }

    private func raw(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !start.isEmpty else { return unsafe try file.read(into: buffer) }
        return unsafe Self.take(&start, buffer)
    }

    /// Moves the front of `bytes` to the buffer.
    private static func take(
        _ bytes: inout ArraySlice<UInt8>,
        _ buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        let count = min(bytes.count, buffer.count)
        unsafe buffer.copyBytes(from: bytes.prefix(count))
        bytes = bytes.dropFirst(count)
        return count
    }
}
