// SPDX-License-Identifier: Apache-2.0

package import SluiceBase
package import VolumeModel

extension VolumeView {
    /// Symbolic links followed at most on the way to one node, as on Linux.
    package static let maximumLinkDepth = 40

    /// Walks a path of names separated by slashes.
    ///
    /// `base` is the top: absolute paths and link targets start there, and `..` stays there. The empty path
    /// is `base`.
    /// - Parameter followLinks: whether a link in the last place is followed; a slash behind it follows it
    ///   anyway.
    /// - Throws: `VolumeError.noEntry`, `.notDirectory`, `.accessDenied`, `.linkLoop`, `.nameTooLong`.
    package func resolve(
        _ path: ByteString,
        followLinks: Bool = true,
        base: Inode = .root,
        caller: Caller = .superuser,
    ) throws -> Node {
        var pending = Self.steps(of: path)
        // The directories from base down to the current node, which is last; so `..` needs no parent records.
        var trail: [Node] = [(base, try attributes(of: base, for: "look up"))]
        var links = 0
        while let name = pending.popLast(), let current = trail.last {
            guard current.attributes.type == .directory else {
                throw VolumeError(.notDirectory, "look up", name, in: current.inode)
            }
            if name == "." { continue }
            if name == ".." {
                if trail.count > 1 { trail.removeLast() }
                continue
            }
            let found = try lookup(name, in: current.inode, caller: caller)
            guard found.attributes.type == .symlink, followLinks || !pending.isEmpty else {
                trail.append(found)
                continue
            }
            links += 1
            guard links <= Self.maximumLinkDepth else {
                throw VolumeError(.linkLoop, "look up", name, in: current.inode)
            }
            let target = try followable(found.inode)
            if target.bytes.first == UInt8(ascii: "/") { trail.removeSubrange(1...) }
            pending += Self.steps(of: target)
        }
        guard let last = trail.last else { throw VolumeError(.noEntry, "look up", "\(path)") }
        return last
    }

    /// Splits a path into the directory above its last name and that name, following links in the directory's
    /// path.
    /// - Throws: as `resolve`; `VolumeError.invalid` when the path ends in no name (`/`, `.`, `..`).
    package func resolveParent(
        _ path: ByteString,
        base: Inode = .root,
        caller: Caller = .superuser,
    ) throws -> (parent: Inode, name: FileName) {
        let slash = UInt8(ascii: "/")
        let end = (path.bytes.lastIndex { $0 != slash } ?? -1) + 1
        let start = (path.bytes[..<end].lastIndex(of: slash) ?? -1) + 1
        let name = FileName(path.bytes[start..<end])
        let parent = try resolve(ByteString(path.bytes[..<start]), base: base, caller: caller)
        try Self.check(name.isEmpty ? "." : name, for: "look up", in: parent.inode)
        guard parent.attributes.type == .directory else {
            throw VolumeError(.notDirectory, "look up", name, in: parent.inode)
        }
        return (parent.inode, name)
    }

    private func followable(_ inode: Inode) throws -> ByteString {
        let target = try readLink(inode)
        guard !target.isEmpty else { throw VolumeError(.noEntry, "follow link", inode) }
        guard target.count <= FileName.maximumTargetLength else {
            throw VolumeError(.nameTooLong, "follow link", inode)
        }
        return target
    }

    /// The names of a path, last one first; a slash at the end counts as `.`, so that it demands a directory.
    private static func steps(of path: ByteString) -> [FileName] {
        let slash = UInt8(ascii: "/")
        var steps = path.bytes.split(separator: slash).map { FileName($0) }
        if path.bytes.last == slash { steps.append(".") }
        return steps.reversed()
    }
}
