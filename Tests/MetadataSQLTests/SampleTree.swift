// SPDX-License-Identifier: Apache-2.0
// The tree that JuiceFS 1.4.2 wrote into every engine (Tests/Fixtures/metadata).

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

enum SampleTree {
    /// Holds the records of all kinds to their known numbers.
    static func checkRecords(_ engine: any MetadataEngine) throws {
        #expect(try engine.isFormatted())
        try engine.snapshot { scanner throws in
            #expect(try all(scanner.scanNodes()).count == 187)
            #expect(try all(scanner.scanEdges()).count == 187)
            #expect(try all(scanner.scanChunks()).count == 154)
            let references = try all(scanner.scanSliceReferences())
            #expect(references.count == 168)
            #expect(references.filter { $0.count == 2 }.map(\.id) == [108, 109, 110, 133, 158, 159])
            #expect(references.filter { $0.count == 1 }.count == 162)
            #expect(try all(scanner.scanSymlinks()).count == 6)
            #expect(try all(scanner.scanExtendedAttributes()).count == 7)
            #expect(try all(scanner.scanDirectoryStats()).count == 23)
            #expect(
                try all(scanner.scanSustainedInodes()) == [SustainedInode(session: 1, inode: Inode(185))]
            )
            #expect(try scanner.counter(.usedSpace) == 302_075_904)
            #expect(try scanner.estimatedNodeCount() == 185)
            #expect(try scanner.counters().count == 8)
        }
    }

    /// Compares nodes with what a mount showed.
    static func checkNodes(_ engine: any MetadataEngine, _ name: String) throws {
        let expected = try #require(JSONValue.parse(expectations(name)).objectValue)
        for field in expected.fields where field.key != "/" {
            try engine.read { reader throws in
                let inode = Inode(try #require(field.value["inode"]?.uint64Value))
                let node = try #require(try reader.node(inode))
                let mode = UInt16(try #require(field.value["mode"]?.stringValue), radix: 8)
                #expect(node.mode == mode, "\(field.key)")
                #expect(UInt64(node.linkCount) == field.value["nlink"]?.uint64Value, "\(field.key)")
                let size = field.value["size"]?.uint64Value
                #expect(node.length == size || node.type != .file, "\(field.key)")
                #expect(UInt64(node.uid) == field.value["uid"]?.uint64Value, "\(field.key)")
                #expect(UInt64(node.gid) == field.value["gid"]?.uint64Value, "\(field.key)")
                for (time, key) in [(node.modifyTime, "mtime_ns"), (node.changeTime, "ctime_ns")] {
                    let nanoseconds = time.seconds * 1_000_000_000 + Int64(time.nanoseconds)
                    #expect(nanoseconds == field.value[key]?.int64Value, "\(field.key)")
                }
            }
        }
        #expect(expected.count == 180 || expected.count == 181)
    }

    /// The expected paths, without the one name that is no Unicode.
    private static func expectations(_ name: String) throws -> [UInt8] {
        var text = try fixture(name)
        let raw = Array("raw-\\udcff\\udcfe-bytes".utf8)
        let start = try #require((0..<text.count - raw.count).first { text[$0...].starts(with: raw) })
        text.replaceSubrange(start..<start + raw.count, with: Array("raw".utf8))
        return text
    }

    static func checkHardLinks(_ engine: any MetadataEngine) throws {
        try engine.read { reader throws in
            let hard = try #require(try reader.lookup("hard", in: .root))
            let other = try #require(try reader.lookup("hard2", in: .root))
            #expect(hard.attributes?.type == .directory)
            #expect(
                try Set(reader.parents(of: Inode(107))) == [
                    ParentLink(parent: hard.entry.inode, count: 2),
                    ParentLink(parent: other.entry.inode, count: 1),
                ]
            )
            #expect(try reader.names(of: Inode(107), in: hard.entry.inode) == ["a", "b"])
        }
    }
}
