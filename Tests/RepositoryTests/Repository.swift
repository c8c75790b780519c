// SPDX-License-Identifier: Apache-2.0
// The tree under test as the repository tests see it: its files, their bytes, and the binary that was built
// with the tests. Reads only; nothing here knows a rule.

import Glibc
import SluiceBase

/// One file of the tree, named relative to the root.
struct RepositoryFile: Sendable {
    let path: String
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var lines: [ArraySlice<UInt8>] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

/// A sentence that a test shows when the tree cannot be read.
struct RepositoryError: Error, CustomStringConvertible {
    let description: String
}

enum Repository {
    /// The folder that holds Package.swift, without a trailing slash.
    static let root: String = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

    /// The `sluice` that was built together with these tests.
    static func binary() throws(RepositoryError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw RepositoryError(description: "cannot read /proc/self/exe") }
        let program = buffer[..<count].map { UInt8(bitPattern: $0) }
        let folder = program[..<(program.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
        let beside = String(decoding: folder, as: UTF8.self) + "/sluice"
        let candidates = [beside, root + "/.build/debug/sluice"]
        guard let found = candidates.first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw RepositoryError(description: "no built sluice at \(candidates)")
        }
        return found
    }

    static func exists(_ path: String) -> Bool {
        unsafe access(root + "/" + path, F_OK) == 0
    }

    static func file(_ path: String) throws(RepositoryError) -> RepositoryFile {
        do {
            let bytes = try Posix.readWholeFile(ByteString(root + "/" + path), limit: 1 << 26)
            return RepositoryFile(path: path, bytes: bytes)
        } catch {
            throw RepositoryError(description: "cannot read \(path): \(error)")
        }
    }

    /// Every regular file below a folder whose name ends in `suffix`, in byte order of the paths.
    static func files(in folder: String, suffix: String = "") throws(RepositoryError) -> [RepositoryFile] {
        let found = try run("cd '\(root)' && find '\(folder)' -type f -name '*\(suffix)'")
        guard found.status == 0 else { throw RepositoryError(description: "cannot list \(folder)") }
        var files: [RepositoryFile] = []
        for path in found.output.split(separator: "\n").sorted() {
            files.append(try file(String(path)))
        }
        return files
    }

    /// Runs a shell line and returns its standard output and exit status (-1 when it was killed by a signal).
    static func run(_ line: String) throws(RepositoryError) -> (output: String, status: Int32) {
        guard let stream = unsafe popen(line, "r") else {
            throw RepositoryError(description: "cannot run \(line)")
        }
        let output = unsafe readToEnd(stream)
        let status = unsafe pclose(stream)
        let exited = status & 0x7f == 0
        return (String(decoding: output, as: UTF8.self), exited ? (status >> 8) & 0xff : -1)
    }

    private static func readToEnd(_ stream: UnsafeMutablePointer<FILE>) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, stream)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}
