// SPDX-License-Identifier: Apache-2.0
// Sorted runs on disk. The file has no name: it vanishes with the process, however that ends.

import Glibc

/// An unnamed file of sorted runs, one behind the other.
final class SpillFile {
    /// One sorted run: bytes `offset ..< end` of the file.
    struct Run {
        let offset: Int64
        let end: Int64
    }

    private let file: FileDescriptor
    private(set) var runs: [Run] = []
    private var end: Int64 = 0

    init(in directory: ByteString) throws(SystemError) {
        file = try Self.openUnnamed(in: directory)
    }

    private static func openUnnamed(in directory: ByteString) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            return try FileDescriptor.open(directory, [.unnamed, .readWrite], mode: 0o600)
        } catch {
            // File systems without O_TMPFILE say one of these; then a private directory hides the name for a
            // moment.
            guard [EOPNOTSUPP, EISDIR, EINVAL].contains(error.code) else { throw error }
        }
        let place = try Posix.makeTemporaryDirectory(prefix: "sluice-sort-", in: directory)
        let name = place + "/runs"
        let file = try FileDescriptor.open(name, [.readWrite, .create, .exclusive], mode: 0o600)
        try Posix.removeTree(place)
        return file
    }

    /// Appends a whole run.
    func appendRun(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let start = end
        unsafe try append(bytes)
        finishRun(from: start)
    }

    /// Appends a part of a run that begins at the current end and is finished later.
    /// - Returns: the offset of the part.
    @discardableResult
    func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int64 {
        let start = end
        unsafe try file.write(bytes, at: end)
        end += Int64(bytes.count)
        return start
    }

    /// Makes a run of everything from `start` to the end.
    func finishRun(from start: Int64) {
        runs.append(Run(offset: start, end: end))
    }

    /// The offset that the next part gets.
    var position: Int64 { end }

    /// Fills the buffer from `offset`.
    ///
    /// A file that is shorter than what was written to it is an I/O error.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) {
        let count = unsafe try file.readFully(into: buffer, at: offset)
        guard count == buffer.count else { throw SystemError(EIO, "pread", file.path) }
    }
}
