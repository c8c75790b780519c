// SPDX-License-Identifier: Apache-2.0

import Glibc
import SluiceBase

/// The bytes of a local file, as long as it was when it was opened.
final class FileSource: ByteSource {
    private let file: OpenFile
    private var position: UInt64 = 0
    let length: UInt64

    init(_ path: PathBytes) throws(SystemError) {
        file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
        let status = try file.status()
        guard status.isRegular else { throw SystemError(status.isDirectory ? EISDIR : EOPNOTSUPP, "read") }
        length = UInt64(clamping: status.st_size)
    }

    func rewind() {
        position = 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try unsafe file.read(into: buffer, at: position)
        position += UInt64(count)
        return count
    }
}
