// SPDX-License-Identifier: Apache-2.0
// Dumps that tell two things of one: whatever engine is filled, the error says where, in words of the volume.

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Dumps that contradict themselves")
struct LoadContradictionTests {
    private static func node(_ inode: Int, _ type: String, _ rest: String = "") -> String {
        "{\"attr\":{\"inode\":\(inode),\"type\":\"\(type)\"}\(rest)}"
    }

    private static func file(_ inode: Int, slice: Int, size: Int = 5) -> String {
        let slices = "[{\"id\":\(slice),\"size\":\(size),\"len\":\(size)}]"
        return node(inode, "regular", ",\"chunks\":[{\"index\":0,\"slices\":\(slices)}]")
    }

    private static func symlink(_ inode: Int, to target: String) -> String {
        node(inode, "symlink", ",\"symlink\":\"\(target)\"")
    }

    private static func directory(_ inode: Int, _ entries: String) -> String {
        node(inode, "directory", ",\"entries\":{\(entries)}")
    }

    private static func dump(_ entries: String) -> String {
        let settings = "{\"Name\":\"abc\",\"UUID\":\"u\",\"MetaVersion\":1,\"DirStats\":true}"
        return "{\"Setting\":\(settings),\"FSTree\":\(directory(1, entries))}"
    }

    private func load(
        _ text: String,
        into engine: any MetadataEngine,
        isForced: Bool = false
    ) throws -> LoadSummary {
        var options = LoadOptions()
        options.isForced = isForced
        return try loadJSON(from: MemoryInput(Array(text.utf8), piece: 11), into: engine, options: options)
    }

    private static func named(_ name: String, _ node: String) -> String {
        "\"\(name)\":\(node)"
    }

    /// Entries of the root, and what the error says of them.
    private static let examples: [(entries: [String], words: String)] = [
        ([named("a", file(2, slice: 1)), named("a", file(3, slice: 2))], "the name 'a' comes twice"),
        (
            [named("a", file(2, slice: 1)), named("b", file(3, slice: 2)), named("a", file(4, slice: 3))],
            "the entry 'a' of directory 1 comes twice"
        ),
        (
            [
                named("b", file(2, slice: 1)), named("a", file(3, slice: 2)),
                named("\\u0061", file(4, slice: 3)),
            ],
            "the entry 'a' of directory 1 comes twice"
        ),
        ([named("a", directory(9, "")), named("b", directory(9, ""))], "inode 9 is a directory"),
        (
            [
                named("a", directory(9, named("x", file(2, slice: 1)))),
                named("b", directory(9, named("x", file(2, slice: 1)))),
            ],
            " 9 "
        ),
        ([named("a", file(2, slice: 1)), named("b", symlink(2, to: "x"))], "inode 2 is"),
        ([named("a", symlink(2, to: "x")), named("b", symlink(2, to: "y"))], "inode 2 is a symlink"),
        (
            [named("a", node(2, "regular", ",\"chunks\":[\(chunk(1)),\(chunk(2))]"))],
            "inode 2 has chunk 7 twice"
        ),
        (
            [named("a", node(2, "regular", ",\"xattrs\":[\(attribute("v")),\(attribute("w"))]"))],
            "inode 2 has the extended attribute 'user.k' twice"
        ),
        (
            [named("a", "{\"attr\":{\"inode\":2,\"type\":\"regular\"},\"attr\":{}}")],
            "a node has 'attr' twice"
        ),
    ]

    @Test(
        "the error names the place, and the database is empty again",
        arguments: EngineMaker.all,
        0..<examples.count
    )
    func refused(engine: EngineMaker, number: Int) throws {
        let (entries, words) = Self.examples[number]
        try engine.withEngine { target throws in
            let text = Self.dump(entries.joined(separator: ","))
            let error = #expect(throws: CodecError.self) { try load(text, into: target) }
            #expect(error.map { "\($0)" }?.contains(words) == true, "\(String(describing: error))")
            #expect(try !target.isFormatted())
        }
    }

    private static func chunk(_ slice: Int) -> String {
        "{\"index\":7,\"slices\":[{\"id\":\(slice),\"size\":5,\"len\":5}]}"
    }

    private static func attribute(_ value: String) -> String {
        "{\"name\":\"user.k\",\"value\":\"\(value)\"}"
    }

    @Test("two descriptions of a file are refused; forced, the first is taken", arguments: EngineMaker.all)
    func descriptions(engine: EngineMaker) throws {
        let first = Self.file(2, slice: 1)
        let second = Self.node(2, "regular", ",\"xattrs\":[\(Self.attribute("v"))]")
            .replacing("\"type\"", with: "\"mode\":5,\"type\"")
        let text = Self.dump("\"a\":\(first),\"b\":\(second)")
        try engine.withEngine { target throws in
            let error = #expect(throws: MaintenanceError.self) { try load(text, into: target) }
            #expect(error?.code == .mismatch)
            #expect(error?.reason.contains("inode 2") == true)
            #expect(error?.hint?.contains("--force") == true)
            _ = try load(text, into: target, isForced: true)
            try target.snapshot { reader throws in
                #expect(try reader.node(Inode(2))?.mode == 0)
                #expect(try reader.node(Inode(2))?.linkCount == 2)
                #expect(try reader.chunks(of: Inode(2)).count == 1)
                #expect(try reader.extendedAttributes(of: Inode(2)).isEmpty)
            }
        }
    }

    @Test(
        "one slice with two sizes is loaded, all its users count, and it is told",
        arguments: EngineMaker.all
    )
    func sliceSizes(engine: EngineMaker) throws {
        let files = "\"a\":\(Self.file(2, slice: 7)),\"b\":\(Self.file(3, slice: 7, size: 9))"
        try engine.withEngine { target in
            #expect(try load(Self.dump(files), into: target).disputedSlices == 1)
            let references = try target.snapshot { try all($0.scanSliceReferences()) }
            #expect(references == [SliceReference(id: 7, size: 9, count: 2)])
        }
    }

    @Test("names in any order are loaded as long as they differ", arguments: EngineMaker.all)
    func unsorted(engine: EngineMaker) throws {
        let count = 2500
        let names = (0..<count).map { ($0 * 7919) % count }
        let files = names.enumerated().map { index, name in
            "\"n\(name)\":\(Self.node(index + 2, "fifo"))"
        }
        try engine.withEngine { target in
            _ = try load(Self.dump(files.joined(separator: ",")), into: target)
            #expect(try target.read { try $0.entries(of: .root, after: nil, limit: 5000) }.count == count)
        }
    }

    @Test("what is large in one node does not gather in memory, and nothing of it is lost")
    func longLists() throws {
        let chunks = (0..<30_000).map { index in
            "{\"index\":\(index),\"slices\":[{\"id\":\(index + 1),\"size\":5,\"len\":5}]}"
        }
        let value = String(repeating: "x", count: 60_000)
        let attributes = (0..<40).map { "{\"name\":\"user.\($0)\",\"value\":\"\(value)\"}" }
        let lists =
            ",\"chunks\":[\(chunks.joined(separator: ","))]"
            + ",\"xattrs\":[\(attributes.joined(separator: ","))]"
        let file = Self.node(2, "regular", lists)
        let target = MemoryEngine()
        let summary = try load(Self.dump("\"a\":\(file),\"b\":\(file)"), into: target)
        #expect(summary.chunks == 60_000)
        try target.snapshot { reader throws in
            #expect(try reader.chunks(of: Inode(2)).count == 30_000)
            #expect(try reader.extendedAttributes(of: Inode(2)).count == 40)
            #expect(try all(reader.scanSliceReferences()).allSatisfy { $0.count == 1 })
        }
        let early = Self.node(2, "regular").replacing("{\"attr", with: "{\(lists.dropFirst()),\"attr")
        #expect(throws: CodecError.self) { try load(Self.dump("\"a\":\(early)"), into: MemoryEngine()) }
    }

    @Test("a field that nobody knows may be of any length")
    func longUnknown() throws {
        let inodes = (0..<200_000).map { "\($0)" }.joined(separator: ",\n        ")
        let sustained = "\"Sustained\":[{\"sid\":1,\"inodes\":[\(inodes)]}],\"FSTree\""
        let text = Self.dump("").replacing("\"FSTree\"", with: sustained)
        #expect(try load(text, into: MemoryEngine()).entries == 0)
    }
}
