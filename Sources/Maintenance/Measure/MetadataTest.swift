// SPDX-License-Identifier: Apache-2.0
// Measures what an engine does in a second: the operations of a client on a tree of empty files, one
// transaction each, as the hidden command `mdtest` of JuiceFS 1.4.2 makes it (which neither looks at the tree
// nor removes it).

package import Metadata
import SluiceBase
import Synchronization
import VolumeModel

/// Makes a tree of empty files, looks at it and removes it.
///
/// What a failure or a cancellation leaves is removed, unless the tree is to be kept.
/// - Parameter done: is handed each phase at its end.
/// - Throws: `VolumeError.exists` when the tree's top is there, other errors of the operations,
///   `CancelledError`.
package func testMetadata(
    of volume: Volume,
    options: MetadataTestOptions,
    done: (MetadataTestPhase) throws -> Void,
) throws {
    let (parent, name) = try volume.resolveParent(options.path)
    let top = try volume.makeDirectory(name, in: parent, mode: 0o755).inode
    let run = MetadataTest(volume: volume, options: options)
    do {
        try run.fill(top, done)
        if !options.isKept { try run.empty(top, done) }
    } catch {
        // The first error is the one to tell.
        if !options.isKept { try? volume.removeTree(name, in: parent) { _ in } }
        throw error
    }
    if !options.isKept { try volume.removeDirectory(name, in: parent, skipTrash: true) }
}

/// One run; what the phases share.
private final class MetadataTest: Sendable {
    private struct Directory: Sendable {
        var inode: Inode
        var parent: Inode
        var name: FileName
    }

    /// Entries of one page, as the kernel asks a mount for them.
    private static let page = 1000

    private let volume: Volume
    private let options: MetadataTestOptions
    /// Below the top, by level.
    private let levels = Mutex<[[Directory]]>([])

    init(volume: Volume, options: MetadataTestOptions) {
        self.volume = volume
        self.options = options
    }

    func fill(_ top: Inode, _ done: (MetadataTestPhase) throws -> Void) throws {
        try makeDirectories(below: top, done)
        let all = [top] + levels.withLock { $0.joined().map(\.inode) }
        let volume = volume
        try done(
            phase(.create) { thread, timed in
                try self.eachFile(of: thread, in: all) { name, directory in
                    try timed { _ = try volume.createFile(name, in: directory, mode: 0o644) }
                }
            }
        )
        try done(
            phase(.stat) { thread, timed in
                try self.eachFile(of: thread, in: all) { name, directory in
                    try timed { _ = try volume.lookup(name, in: directory) }
                }
            }
        )
        try done(
            phase(.readdir) { _, timed in
                for directory in all { try timed { try self.list(directory) } }
            }
        )
    }

    func empty(_ top: Inode, _ done: (MetadataTestPhase) throws -> Void) throws {
        let volume = volume
        let levels = levels.withLock { $0 }
        let all = [top] + levels.joined().map(\.inode)
        try done(
            phase(.unlink) { thread, timed in
                try self.eachFile(of: thread, in: all) { name, directory in
                    try timed { _ = try volume.unlink(name, in: directory, skipTrash: true) }
                }
            }
        )
        let removal = try levels.reversed().map { level in
            try phase(.rmdir) { thread, timed in
                for directory in self.share(of: thread, in: level) {
                    try timed {
                        _ = try volume.removeDirectory(directory.name, in: directory.parent, skipTrash: true)
                    }
                }
            }
        }
        if let whole = Self.sum(removal) { try done(whole) }
    }

    /// Level by level: a directory's parent must be there.
    private func makeDirectories(below top: Inode, _ done: (MetadataTestPhase) throws -> Void) throws {
        let volume = volume
        var above = [top]
        var phases: [MetadataTestPhase] = []
        for level in 0..<options.depth where options.width > 0 {
            let wanted = above.flatMap { parent in
                (0..<options.width).map { (parent, FileName("dir.\(level).\($0)")) }
            }
            let made = Mutex<[Directory]>([])
            phases.append(
                try phase(.mkdir) { thread, timed in
                    for (parent, name) in self.share(of: thread, in: wanted) {
                        try timed {
                            let inode = try volume.makeDirectory(name, in: parent, mode: 0o755).inode
                            made.withLock { $0.append(Directory(inode: inode, parent: parent, name: name)) }
                        }
                    }
                }
            )
            let found = made.withLock { $0 }
            levels.withLock { $0.append(found) }
            above = found.map(\.inode)
        }
        if let whole = Self.sum(phases) { try done(whole) }
    }

    private func list(_ directory: Inode) throws {
        var last: FileName?
        while true {
            let items = try volume.readDirectory(
                directory,
                after: last,
                limit: Self.page,
                withAttributes: true
            )
            guard items.count == Self.page else { return }
            last = items.last?.name
        }
    }

    private func eachFile(
        of thread: Int,
        in directories: [Inode],
        _ body: (FileName, Inode) throws -> Void,
    ) throws {
        for directory in directories {
            for index in 0..<options.files { try body(FileName("file.mdtest.\(thread).\(index)"), directory) }
        }
    }

    /// Every thread-count'th of a list.
    private func share<Element>(of thread: Int, in list: [Element]) -> [Element] {
        stride(from: thread, to: list.count, by: options.threads).map { list[$0] }
    }

    private func phase(
        _ kind: MetadataTestPhase.Kind,
        _ body: @escaping @Sendable (Int, (() throws -> Void) throws -> Void) throws -> Void,
    ) throws -> MetadataTestPhase {
        MetadataTestPhase(
            kind: kind,
            measured: try measure(threads: options.threads, name: "mdtest", options.cancellation, body)
        )
    }

    /// Phases of one kind as one; nil without any.
    private static func sum(_ phases: [MetadataTestPhase]) -> MetadataTestPhase? {
        guard var sum = phases.first else { return nil }
        for phase in phases.dropFirst() { sum.measured.add(phase.measured) }
        return sum
    }
}
