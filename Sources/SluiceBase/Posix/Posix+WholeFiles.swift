// SPDX-License-Identifier: Apache-2.0
// Whole files and trees: read one, replace one atomically, a temporary directory, remove a tree.

import Glibc
import Synchronization

extension Posix {
    private static let temporaryNameCount = Atomic<UInt64>(0)

    /// The content of a file.
    /// - Parameter limit: bytes; a longer file is refused with EFBIG instead of filling the memory.
    package static func readWholeFile(_ path: ByteString, limit: Int) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path)
        var content: [UInt8] = []
        // The size is only a hint: files of /proc say 0, others grow.
        let hint = Int(clamping: try file.status().size)
        guard hint <= limit else { throw SystemError(EFBIG, "read", path) }
        var room = max(hint + 1, 4096)
        while true {
            let part = try file.read(count: room)
            content = content.isEmpty ? part : content + part
            guard content.count <= limit else { throw SystemError(EFBIG, "read", path) }
            if part.count < room { return content }
            room = max(content.count, 4096)
        }
    }

    /// Replaces a file so that a reader or a crash sees the old content or the new, never a mixture: written
    /// beside it, brought to stable storage, renamed, and the directory brought to stable storage.
    /// - Parameter mode: permission bits of the new file, lessened by the umask.
    package static func replaceFile(
        _ path: ByteString,
        with content: [UInt8],
        mode: UInt32 = 0o644,
    ) throws(SystemError) {
        let count = temporaryNameCount.add(1, ordering: .relaxed).newValue
        let temporary = path + ByteString(".tmp.\(processID).\(count)")
        let file = try FileDescriptor.open(temporary, [.writeOnly, .create, .exclusive], mode: mode)
        do throws(SystemError) {
            try file.write(content)
            try file.synchronize()
            try file.close()
            try rename(temporary, to: path)
        } catch {
            removeIgnoringErrors(temporary)
            throw error
        }
        try DirectoryHandle(parent(of: path) ?? ".").synchronize()
    }

    /// Creates an empty directory of mode 0700 with an unused name.
    /// - Parameter directory: where; by default `$TMPDIR`, else `/tmp`.
    /// - Returns: its path.
    package static func makeTemporaryDirectory(
        prefix: String,
        in directory: ByteString? = nil,
    ) throws(SystemError) -> ByteString {
        let template = (directory ?? temporaryDirectory) + ByteString("/\(prefix)XXXXXX")
        var bytes = template.bytes.map { CChar(bitPattern: $0) } + [0]
        guard unsafe mkdtemp(&bytes) != nil else { throw SystemError(errno, "mkdtemp", template) }
        return ByteString(bytes.dropLast().map { UInt8(bitPattern: $0) })
    }

    /// `$TMPDIR`, or `/tmp` when that is not set or empty.
    package static var temporaryDirectory: ByteString {
        guard let named = environment("TMPDIR"), !named.isEmpty else { return "/tmp" }
        return ByteString(named)
    }

    /// Removes a file or a directory with everything in it.
    ///
    /// Symbolic links are removed, never followed. What is not there is no error. Open descriptors and stack
    /// grow with the depth of the tree (EMFILE on a very deep one).
    package static func removeTree(
        _ path: ByteString,
        at directory: DirectoryHandle? = nil
    )
        throws(SystemError)
    {
        do throws(SystemError) {
            guard let found = try statusIfPresent(path, at: directory) else { return }
            guard found.kind == .directory else { return try unlink(path, at: directory) }
            try removeContent(of: try DirectoryHandle(path, at: directory, follow: false))
            try removeDirectory(path, at: directory)
        } catch {
            // Removed by somebody else meanwhile.
            guard error.code == ENOENT else { throw error }
        }
    }

    private static func removeContent(of directory: DirectoryHandle) throws(SystemError) {
        // Removing while listing may skip entries on some file systems: list again until nothing is left.
        while true {
            var removedCount = 0
            try directory.forEachItem { item throws(SystemError) in
                removedCount += 1
                try removeTree(item.name, at: directory)
                return true
            }
            if removedCount == 0 { return }
        }
    }

    /// For paths that already report another error.
    private static func removeIgnoringErrors(_ path: ByteString) {
        do throws(SystemError) { try unlink(path) } catch {}
    }
}
