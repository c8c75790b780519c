// SPDX-License-Identifier: Apache-2.0
// Entries and relative changes of directories.

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension MetadataConformance {
    static let namespaceCases: [MetadataCase] = [
        MetadataCase("an entry is inserted once, replaced and deleted", entries),
        MetadataCase("entries are listed in byte order, page by page", listing),
        MetadataCase("some entries are fewer than asked for only at the end", someEntries),
        MetadataCase("names may be any bytes", names),
        MetadataCase("parents are counted from all directories", parents),
        MetadataCase("touching a directory is relative", touch),
    ]

    private static func someEntries(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        // Small enough for Redis to keep it packed, and not.
        for (directory, count) in [(Inode(2), 0), (Inode(3), 3), (Inode(4), 1500)] {
            let all = (0..<count).map { NamedEntry(name: FileName("n\($0)"), inode: Inode(100), type: .file) }
            try engine.write { transaction in
                for entry in all { try transaction.insertEntry(entry, in: directory) }
                #expect(try transaction.hasEntries(directory) == (count > 0))
            }
            try engine.read { reader throws in
                #expect(try reader.hasEntries(directory) == (count > 0))
                for limit in [1, 2, 700, 2000] {
                    let some = try reader.someEntries(of: directory, limit: limit)
                    #expect(some.count == min(limit, count))
                    #expect(Set(some).count == some.count && Set(some).isSubset(of: all))
                }
            }
        }
        try engine.write { transaction throws in
            for number in 0..<3 {
                try transaction.deleteEntry(named: FileName("n\(number)"), in: Inode(3))
                #expect(try transaction.hasEntries(Inode(3)) == (number < 2))
            }
            #expect(try transaction.someEntries(of: Inode(3), limit: 1) == [])
            #expect(try transaction.hasEntries(Inode(4)))
        }
        #expect(try engine.read { try !$0.hasEntries(Inode(3)) && $0.hasEntries(Inode(4)) })
    }

    private static func entries(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let first = NamedEntry(name: "a", inode: Inode(5), type: .file)
        let second = NamedEntry(name: "a", inode: Inode(6), type: .directory)
        try engine.write { try $0.insertEntry(first, in: .root) }
        #expect(try code { try engine.write { try $0.insertEntry(second, in: .root) } } == .exists)
        #expect(try engine.read { try $0.entry(named: "a", in: .root) } == first.entry)
        #expect(try engine.read { try $0.entry(named: "a", in: Inode(2)) } == nil)
        #expect(try engine.read { try $0.entry(named: "A", in: .root) } == nil)
        try engine.write { try $0.replaceEntry(second, in: .root) }
        #expect(try engine.read { try $0.entry(named: "a", in: .root) } == second.entry)
        #expect(
            try engine.read { try $0.lookup("a", in: .root) }
                == NodeEntry(entry: second.entry, attributes: nil)
        )
        try engine.write { try $0.insertNode(Inode(6), directory()) }
        #expect(try engine.read { try $0.lookup("a", in: .root) }?.attributes == directory())
        #expect(try engine.read { try $0.lookup("b", in: .root) } == nil)
        try engine.write { try $0.deleteEntry(named: "a", in: .root) }
        #expect(try engine.read { try $0.entries(of: .root, after: nil, limit: 10) } == [])
        try engine.write { try $0.deleteEntry(named: "a", in: .root) }
    }

    private static func listing(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let names: [FileName] = [
            "a", "B", "aa", "a b", "z", "e\u{301}", "\u{E9}", FileName([0xFF]), FileName([0x7F]), "10", "9",
        ]
        try engine.write { transaction throws in
            for (index, name) in names.enumerated() {
                try transaction.insertEntry(
                    NamedEntry(name: name, inode: Inode(UInt64(index) + 2), type: .file),
                    in: .root
                )
            }
            try transaction.insertEntry(NamedEntry(name: "b", inode: Inode(99), type: .file), in: Inode(2))
        }
        try engine.read { reader throws in
            let all = try reader.entries(of: .root, after: nil, limit: 100)
            #expect(all.map(\.name) == names.sorted())
            var paged: [NamedEntry] = []
            while true {
                let page = try reader.entries(of: .root, after: paged.last?.name, limit: 3)
                #expect(page.count <= 3)
                if page.isEmpty { break }
                paged += page
            }
            #expect(paged == all)
            #expect(try reader.entries(of: .root, after: "a", limit: 1).map(\.name) == ["a b"])
            #expect(try reader.entries(of: .root, after: "a a", limit: 1).map(\.name) == ["a b"])
        }
    }

    private static func names(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        var names = (1...255).filter { $0 != 0x2F }.map { FileName([UInt8($0)]) }
        names.append(FileName([UInt8](repeating: 0x4C, count: 255)))
        names.append(FileName([0xFF, 0xFE, 0x0A, 0x27, 0x22, 0x60]))
        names.append("'; DROP TABLE jfs_node; --")
        let wanted = names
        try engine.write { transaction throws in
            for (index, name) in wanted.enumerated() {
                try transaction.insertEntry(
                    NamedEntry(name: name, inode: Inode(UInt64(index) + 100), type: .file),
                    in: .root
                )
            }
        }
        try engine.read { reader throws in
            for (index, name) in wanted.enumerated() {
                #expect(try reader.entry(named: name, in: .root)?.inode == Inode(UInt64(index) + 100))
            }
            #expect(try reader.entries(of: .root, after: nil, limit: 1000).map(\.name) == wanted.sorted())
        }
    }

    private static func parents(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let file = Inode(60)
        var attributes = richAttributes(parent: Inode(0))
        attributes.linkCount = 3
        let stored = attributes
        let links: [(UInt64, FileName)] = [(1, "a"), (1, "b"), (70, "c")]
        try engine.write { transaction throws in
            try transaction.insertNode(file, stored)
            for (parent, name) in links {
                try transaction.insertEntry(
                    NamedEntry(name: name, inode: file, type: .file),
                    in: Inode(parent)
                )
                try transaction.adjustParent(Inode(parent), of: file, by: 1)
            }
        }
        try engine.read { reader throws in
            #expect(
                try Set(reader.parents(of: file))
                    == [ParentLink(parent: .root, count: 2), ParentLink(parent: Inode(70), count: 1)]
            )
            #expect(try Set(reader.names(of: file, in: .root)) == ["a", "b"])
            #expect(try reader.names(of: file, in: Inode(71)) == [])
            #expect(try reader.parents(of: Inode(61)) == [])
        }
        try engine.write { transaction throws in
            try transaction.deleteEntry(named: "c", in: Inode(70))
            try transaction.adjustParent(Inode(70), of: file, by: -1)
        }
        #expect(try engine.read { try $0.parents(of: file) } == [ParentLink(parent: .root, count: 2)])
    }

    private static func touch(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let later = Timestamp(seconds: 1_900_000_000, nanoseconds: 987_654_321)
        try engine.write { try $0.insertNode(.root, directory(linkCount: 5)) }
        try engine.write { try $0.touch(.root, linkDelta: 2, time: nil) }
        var expected = directory(linkCount: 7)
        #expect(try engine.read { try $0.node(.root) } == expected)
        try engine.write { try $0.touch(.root, linkDelta: -1, time: later) }
        expected.linkCount = 6
        expected.modifyTime = later
        expected.changeTime = later
        #expect(try engine.read { try $0.node(.root) } == expected)
        #expect(
            try code { try engine.write { try $0.touch(Inode(5), linkDelta: 1, time: later) } } == .vanished
        )
    }
}
