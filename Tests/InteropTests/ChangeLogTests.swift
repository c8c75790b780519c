// SPDX-License-Identifier: Apache-2.0
// The same operations, done through a real mount and by our library, leave the same lines in the change log.

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

/// An operation, as both do it.
private struct Deed {
    /// For bash, in the mounted volume.
    let script: String
    let ours: (Scene) throws -> Void

    init(_ script: String, _ ours: @escaping (Scene) throws -> Void) {
        self.script = script
        self.ours = ours
    }
}

/// Our volume, by paths.
private struct Scene {
    let volume: Volume
    /// Without ACLs the kernel applies the umask itself.
    let isMaskedByKernel: Bool
    let caller = Caller(uid: 0, gid: 0, umask: 0o022)

    private func asked(_ mode: UInt16) -> UInt16 {
        isMaskedByKernel ? mode & ~caller.umask : mode
    }

    func inode(_ path: ByteString) throws -> Inode {
        try volume.resolve(path, followLinks: false).inode
    }

    func place(_ path: ByteString) throws -> (parent: Inode, name: FileName) {
        try volume.resolveParent(path)
    }

    func makeDirectory(_ path: ByteString, mode: UInt16 = 0o777) throws {
        let (parent, name) = try place(path)
        _ = try volume.makeDirectory(name, in: parent, mode: asked(mode), caller: caller)
    }

    func makeNode(_ path: ByteString, type: FileType = .file, device: UInt32 = 0) throws {
        let (parent, name) = try place(path)
        _ = try volume.makeNode(
            name,
            in: parent,
            type: type,
            mode: asked(0o666),
            device: device,
            caller: caller
        )
    }

    /// Appends to a file, which is made when it is not there.
    func append(_ count: UInt32, to path: ByteString) throws {
        let (parent, name) = try place(path)
        if try volume.engine.read({ try $0.entry(named: name, in: parent) }) == nil { try makeNode(path) }
        let inode = try inode(path)
        let end = UInt32(try volume.attributes(of: inode).length)
        let id = try volume.takeSliceIDs(1)[0]
        let slice = Slice(position: end, id: id, size: count, offset: 0, length: count)
        try volume.perform { _ = try $0.write(slice, toChunk: 0, of: inode) }
    }

    func rename(_ old: ByteString, _ new: ByteString, _ flags: RenameFlags = []) throws {
        let (from, to) = (try place(old), try place(new))
        let removal = try volume.rename(from.name, in: from.parent, to: to.name, in: to.parent, flags: flags)
        for file in removal.deletedFiles { try volume.deleteData(of: file) { _ in } }
    }

    func remove(_ path: ByteString) throws {
        let (parent, name) = try place(path)
        guard try volume.attributes(of: inode(path)).type != .directory else {
            _ = try volume.removeDirectory(name, in: parent)
            return
        }
        for file in try volume.unlink(name, in: parent).deletedFiles {
            try volume.deleteData(of: file) { _ in }
        }
    }

    func set(_ change: AttributeChange, of path: ByteString) throws {
        try volume.setAttributes(of: inode(path), change)
    }

    func compact(_ path: ByteString) throws {
        guard let plan = try volume.compactionPlan(of: inode(path), chunk: 0) else { return }
        _ = try volume.commit(plan, as: volume.takeSliceIDs(1)[0]) { _ in }
    }
}

extension InteropTests {
    @Test("The change log has the lines that a real mount writes", arguments: EngineKind.allCases)
    func changeLog(_ engine: EngineKind) throws {
        try compare(on: engine, ["--enable-acl"], Self.changesOfNames + Self.changesOfNodes)
    }

    private static var changesOfNames: [Deed] {
        let exchange = """
            perl -e 'chomp($m = `uname -m`); ($a, $b) = ("y", "d/e");
                syscall($m eq "x86_64" ? 316 : 276, -100, $a, -100, $b, 2) == 0 or die $!'
            """
        return [
            Deed("mkdir d; mkdir -m 700 'd/a b,c%(x)\"q\\z'") {
                try $0.makeDirectory("d")
                try $0.makeDirectory("d/a b,c%(x)\"q\\z", mode: 0o700)
            },
            Deed("printf hello > d/f; printf hello >> d/f") {
                try $0.append(5, to: "d/f")
                try $0.append(5, to: "d/f")
            },
            Deed("truncate -s 5000 d/f; truncate -s 100 d/f; truncate -s 100 d/f") { scene in
                let file = try scene.inode("d/f")
                for length: UInt64 in [5000, 100, 100] {
                    _ = try scene.volume.perform { try $0.truncate(file, to: length) }
                }
            },
            Deed("fallocate -l 9000 d/f; fallocate -p -o 10 -l 20 d/f; fallocate -z -o 5 -l 9 d/f") {
                scene in
                let file = try scene.inode("d/f")
                let calls: [(UInt64, UInt64, AllocationMode)] = [
                    (0, 9000, []), (10, 20, [.keepSize, .punchHole]), (5, 9, .zeroRange),
                ]
                for (offset, length, mode) in calls {
                    _ = try scene.volume.perform {
                        try $0.allocate(file, from: offset, length: length, mode: mode)
                    }
                }
            },
            Deed("ln -s 'tar,get' d/s; ln d/f d/g") { scene in
                let d = try scene.inode("d")
                _ = try scene.volume.makeSymlink("s", in: d, target: "tar,get", caller: scene.caller)
                try scene.volume.link(scene.inode("d/f"), to: "g", in: d)
            },
            Deed("mv -n d/f d/h; mv -n d/h top; mv -n top d/h2; mkdir e; mv -n e d/e") {
                try $0.rename("d/f", "d/h", .noReplace)
                try $0.rename("d/h", "top", .noReplace)
                try $0.rename("top", "d/h2", .noReplace)
                try $0.makeDirectory("e")
                try $0.rename("e", "d/e", .noReplace)
            },
            Deed("printf x > x; printf y > y; mv -f x y; mkdir e1 e2; mv -T e1 e2") {
                try $0.append(1, to: "x")
                try $0.append(1, to: "y")
                try $0.rename("x", "y")
                try $0.makeDirectory("e1")
                try $0.makeDirectory("e2")
                try $0.rename("e1", "e2")
            },
            Deed(exchange) { try $0.rename("y", "d/e", .exchange) },
        ]
    }

    private static var changesOfNodes: [Deed] {
        let accessRule =
            "0x0200000001000600ffffffff02000600e903000004000000ffffffff10000600ffffffff20000000ffffffff"
        let past = AttributeChange.Time.at(Timestamp(seconds: 981_173_106, nanoseconds: 789_000_000))
        let copy = """
            perl -e 'open(A, "<", "d/h2"); open(B, "+<", "d/copy"); chomp($m = `uname -m`);
                syscall($m eq "x86_64" ? 326 : 285, fileno(A), 0, fileno(B), 0, 100, 0) == 100 or die $!'
            """
        return [
            Deed("chmod 600 d/g; chown 5:6 d/g; touch -d @981173106.789 d/g; touch d/g; touch -a d/g") {
                try $0.set(AttributeChange(mode: 0o600), of: "d/g")
                try $0.set(AttributeChange(uid: 5, gid: 6), of: "d/g")
                try $0.set(AttributeChange(accessTime: past, modifyTime: past), of: "d/g")
                try $0.set(AttributeChange(accessTime: .now, modifyTime: .now), of: "d/g")
                try $0.set(AttributeChange(accessTime: .now), of: "d/g")
            },
            Deed(
                "setfattr -n user.a -v 'v,1%' d/g; setfattr -n user.b -v 0x00ff0a d/g\nsetfattr -x user.a d/g"
            ) { scene in
                let file = try scene.inode("d/g")
                let value = Array("v,1%".utf8)
                try scene.volume.setExtendedAttribute("user.a", of: file, to: value)
                try scene.volume.setExtendedAttribute("user.b", of: file, to: [0, 255, 10])
                try scene.volume.removeExtendedAttribute("user.a", of: file)
            },
            Deed("setfattr -n system.posix_acl_access -v \(accessRule) d/g; chmod 640 d/g") { scene in
                let value = try Hex.decode(String(accessRule.dropFirst(2)))
                try scene.volume.setExtendedAttribute(
                    "system.posix_acl_access",
                    of: scene.inode("d/g"),
                    to: value
                )
                try scene.set(AttributeChange(mode: 0o640), of: "d/g")
            },
            Deed("mkfifo d/fifo; mknod d/dev b 8 17") {
                try $0.makeNode("d/fifo", type: .fifo)
                try $0.makeNode("d/dev", type: .blockDevice, device: 2065)
            },
            Deed("flock d/h2 true") { scene in
                let holder = LockHolder(session: 1, owner: 1)
                try scene.volume.lockFile(scene.inode("d/h2"), .write, for: holder)
                try scene.volume.lockFile(scene.inode("d/h2"), .unlock, for: holder)
            },
            Deed("printf 12 > d/copy; \(copy)") { scene in
                try scene.append(2, to: "d/copy")
                let (from, to) = (try scene.inode("d/h2"), try scene.inode("d/copy"))
                _ = try scene.volume.copyRange(of: from, from: 0, to: to, at: 0, count: 100)
            },
            Deed("\"$PEER\" clone d/h2 once; \"$PEER\" clone --preserve d twice") { scene in
                let volume = scene.volume
                try volume.clone(scene.inode("d/h2"), as: "once", in: .root, caller: scene.caller)
                try volume.clone(
                    scene.inode("d"),
                    as: "twice",
                    in: .root,
                    mode: .preserveAttributes,
                    caller: scene.caller
                )
            },
            Deed("for i in 1 2 3 4; do printf $i >> many; done; \"$PEER\" compact many") { scene in
                for _ in 1...4 { try scene.append(1, to: "many") }
                try scene.compact("many")
            },
            Deed("rm d/g d/h2 d/s; rmdir e2; rm d/dev") {
                for path: ByteString in ["d/g", "d/h2", "d/s", "e2", "d/dev"] { try $0.remove(path) }
            },
        ]
    }

    @Test(
        "The change log has the lines of removals for good that a real mount writes",
        arguments: EngineKind.allCases
    )
    func changeLogWithoutTrash(_ engine: EngineKind) throws {
        try compare(
            on: engine,
            ["--trash-days", "0"],
            [
                Deed("printf a > open; exec 3< open; rm open; exec 3<&-") { scene in
                    try scene.append(1, to: "open")
                    let file = try scene.inode("open")
                    try scene.volume.unlink("open", in: .root, openedBy: 1)
                    let files = try scene.volume.perform { operation in
                        try operation.releaseSustained(file, by: 1)
                        return operation.effects.deletedFiles
                    }
                    for file in files { try scene.volume.deleteData(of: file) { _ in } }
                },
                Deed("printf a > l1; ln l1 l2; rm l1; rm l2") { scene in
                    try scene.append(1, to: "l1")
                    try scene.volume.link(scene.inode("l1"), to: "l2", in: .root)
                    try scene.remove("l1")
                    try scene.remove("l2")
                },
                Deed(
                    """
                    printf a > m1; printf b > m2; mv -f m1 m2; mkdir w w1 w2
                    rmdir w; mv -T w1 w2; ln -s x s; rm s
                    """
                ) { scene in
                    try scene.append(1, to: "m1")
                    try scene.append(1, to: "m2")
                    try scene.rename("m1", "m2")
                    for path: ByteString in ["w", "w1", "w2"] { try scene.makeDirectory(path) }
                    try scene.remove("w")
                    try scene.rename("w1", "w2")
                    _ = try scene.volume.makeSymlink("s", in: .root, target: "x", caller: scene.caller)
                    try scene.remove("s")
                },
            ],
            removedSlices: 3
        )
    }

    /// - Parameter removedSlices: what the real program removes in the background: its lines may come in
    ///   another order, and the last of them late.
    private func compare(
        on engine: EngineKind,
        _ options: [String],
        _ deeds: [Deed],
        removedSlices: Int = 0
    ) throws {
        let volume = try PeerVolume(engine)
        try volume.formatByPeer(options)
        let config = try volume.peer("config", "--no-agent", volume.address, "--changelog", "--yes")
        try #require(config.status == 0, "\(config.story)")
        let database = try volume.place.database.open()
        defer { database.close() }
        try volume.withMount {
            let script = deeds.map(\.script).joined(separator: "\n")
            try volume.place.script("PEER='\(volume.peer)'\numask 022\ncd mnt\n\(script)")
            let areRemoved = try retrying {
                try lines(of: database).count { $0.contains("|DELETESLICE(") } >= removedSlices
            }
            #expect(areRemoved)
        }
        var theirs = try ChangeLines.comparable(lines(of: database))
        var ours = try ChangeLines.comparable(linesOfOurs(on: engine, options, deeds))
        if removedSlices > 0 {
            theirs.sort()
            ours.sort()
        }
        #expect(ours == theirs)
        #expect(ours.count > 10)
    }

    private func linesOfOurs(
        on engine: EngineKind,
        _ options: [String],
        _ deeds: [Deed]
    ) throws -> [String] {
        let place = try Workplace(engine)
        let database = try place.database.open(creating: true)
        defer { database.close() }
        var settings = VolumeSettings()
        settings.changeLog = true
        settings.enableACL = options.contains("--enable-acl")
        settings.trashDays = options.contains("0") ? 0 : 1
        let scene = Scene(
            volume: try prepareVolume(on: database, settings: settings, clock: SystemClock()),
            isMaskedByKernel: !settings.enableACL
        )
        for deed in deeds { try deed.ours(scene) }
        return try lines(of: database)
    }

    private func lines(of database: any MetadataEngine) throws -> [String] {
        try database.read { try $0.changes(after: 0, limit: 10_000) }.map { "\(ByteString($0.entry))" }
    }
}
