// SPDX-License-Identifier: Apache-2.0
// Renaming over a file that exists is an extension of the protocol, posix-rename@openssh.com, which libssh's
// own call uses only from 0.11 on: the packet is put together here. No other request is under way meanwhile,
// so the next packet of the channel is the answer.

import CLibssh
import SluiceBase

extension SFTPSession {
    /// Gives a file another name, at once also where that is another file's.
    ///
    /// Servers without the extension rename to free names only; the old file is removed before then.
    func rename(_ from: SFTPPath, over to: SFTPPath) throws(SFTPFault) {
        guard !renamesOver else { return try replace(from, to) }
        func rename() throws(SFTPFault) {
            try check { unsafe from.call { from in unsafe to.call { unsafe sftp_rename(sftp, from, $0) } } }
        }
        do throws(SFTPFault) {
            try rename()
        } catch {
            // What no unlink removes is a folder, or was not in the way.
            guard error.kind == .refused else { throw error }
            do throws(SFTPFault) {
                try check { unsafe to.call { unsafe sftp_unlink(sftp, $0) } }
            } catch let second where second.kind != .lost {
                throw error
            }
            try rename()
        }
    }

    private func replace(_ from: SFTPPath, _ to: SFTPPath) throws(SFTPFault) {
        let number = nextRequest()
        var body = ByteWriter()
        body.write(UInt8(SSH_FXP_EXTENDED))
        body.write(number)
        for text in [Array("posix-rename@openssh.com".utf8), from.bytes, to.bytes] {
            body.write(UInt32(clamping: text.count))
            body.write(text)
        }
        var packet = ByteWriter()
        packet.write(UInt32(clamping: body.bytes.count))
        packet.write(body.bytes)
        pulse.beat()
        try send(packet.bytes)
        let length = try receive(4).reduce(0) { $0 << 8 | Int($1) }
        guard (1...SFTPAnswer.longest).contains(length), let answer = SFTPAnswer(try receive(length)),
            answer.request == number
        else { throw lost() }
        guard answer.code != UInt32(SSH_FX_OK) else { return }
        throw fault(of: Int32(clamping: answer.code), words: answer.message)
    }

    private func nextRequest() -> UInt32 {
        unsafe sftp.pointee.id_counter = unsafe sftp.pointee.id_counter &+ 1
        return unsafe sftp.pointee.id_counter
    }

    private func send(_ bytes: [UInt8]) throws(SFTPFault) {
        let sent = unsafe bytes.withUnsafeBytes {
            unsafe ssh_channel_write(sftp.pointee.channel, $0.baseAddress, UInt32($0.count))
        }
        guard Int(sent) == bytes.count else { throw lost() }
    }

    private func receive(_ count: Int) throws(SFTPFault) -> [UInt8] {
        var filled = 0
        var bytes = [UInt8](repeating: 0, count: count)
        while filled < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return unsafe Int(
                    ssh_channel_read(sftp.pointee.channel, rest.baseAddress, UInt32(rest.count), 0)
                )
            }
            guard got > 0 else { throw lost() }
            filled += got
        }
        return bytes
    }

    /// The connection is of no use any more: nobody knows which answer comes next.
    private func lost() -> SFTPFault {
        abandon()
        return SFTPFault(kind: .lost, reason: "the connection broke, or the answer makes no sense")
    }
}
