// SPDX-License-Identifier: Apache-2.0
// Scans are complete, in the promised order, and say what they cannot read.

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension MetadataConformance {
    static let scanCases: [MetadataCase] = [
        MetadataCase("scans of an empty volume end at once", emptyScans),
        MetadataCase("scans deliver every record once, in order", fullScans),
        MetadataCase("several scans run side by side", interleaved),
        MetadataCase("damaged records are reported, not skipped", damaged),
    ]

    private static func emptyScans(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        try engine.snapshot { scanner throws in
            let nodes = try scanner.scanNodes()
            #expect(try drain(nodes).records.isEmpty)
            #expect(try nodes.next() == nil)
            #expect(try drain(scanner.scanEdges()).records.isEmpty)
            #expect(try drain(scanner.scanChunks()).records.isEmpty)
            #expect(try drain(scanner.scanSliceReferences()).records.isEmpty)
            #expect(try drain(scanner.scanSymlinks()).records.isEmpty)
            #expect(try drain(scanner.scanExtendedAttributes()).records.isEmpty)
            #expect(try drain(scanner.scanDirectoryStats()).records.isEmpty)
            #expect(try scanner.counters().isEmpty)
            #expect(try scanner.estimatedNodeCount() ?? 0 == 0)
        }
    }

    private static func fullScans(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        // Not ascending, so that order is the scan's doing.
        let numbers = (1...300).map { UInt64($0 * 7919 % 1009) }
        try engine.write { transaction throws in
            for number in numbers {
                let inode = Inode(number)
                try transaction.insertNode(inode, richAttributes())
                try transaction.insertEntry(NamedEntry(name: "n", inode: inode, type: .file), in: inode)
                for index in [UInt32(2), 0, 1] {
                    try transaction.appendSlices(
                        [.hole(position: index, length: 1)],
                        toChunk: index,
                        of: inode
                    )
                }
                try transaction.insertSliceReference(SliceReference(id: number, size: 5, count: 2))
                try transaction.setSymlinkTarget("t", of: inode)
                try transaction.setExtendedAttribute(named: "user.k", of: inode, to: [1])
                try transaction.setDirectoryStat(DirectoryStat(dataLength: 1), of: inode)
            }
            try transaction.setCounter(.totalInodes, to: 300)
        }
        let ascending = numbers.sorted()
        try engine.snapshot { scanner throws in
            func check(_ found: [UInt64], _ kind: Comment) {
                #expect(found == ascending, kind)
            }
            let nodes = try drain(scanner.scanNodes()).records
            check(nodes.map(\.inode.number), "nodes")
            #expect(nodes.allSatisfy { $0.attributes == richAttributes() })
            check(try drain(scanner.scanEdges()).records.map(\.inode.number).sorted(), "edges")
            check(try drain(scanner.scanSliceReferences()).records.map(\.id), "references")
            check(try drain(scanner.scanSymlinks()).records.map(\.inode.number), "symlinks")
            check(try drain(scanner.scanExtendedAttributes()).records.map(\.inode.number), "attributes")
            check(try drain(scanner.scanDirectoryStats()).records.map(\.inode.number), "stats")
            let chunks = try drain(scanner.scanChunks()).records.map { [$0.inode.number, UInt64($0.index)] }
            let wanted: [[UInt64]] = ascending.flatMap { number in (0...2).map { [number, UInt64($0)] } }
            #expect(chunks == wanted)
            if let estimate = try scanner.estimatedNodeCount() { #expect(estimate == 300) }
        }
    }

    private static func interleaved(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        try engine.write { transaction throws in
            for number in 1...50 {
                try transaction.insertNode(Inode(UInt64(number)), richAttributes())
                try transaction.setSymlinkTarget("t", of: Inode(UInt64(number)))
            }
        }
        try engine.snapshot { scanner throws in
            let first = try scanner.scanNodes()
            let second = try scanner.scanNodes()
            let links = try scanner.scanSymlinks()
            var counts = [0, 0, 0]
            while try first.next() != nil {
                counts[0] += 1
                if try second.next() != nil { counts[1] += 1 }
                if try links.next() != nil { counts[2] += 1 }
                #expect(try scanner.node(Inode(5)) == richAttributes())
            }
            #expect(counts == [50, 50, 50])
        }
    }

    private static func damaged(_ bench: any MetadataBench, _ engine: any MetadataEngine) throws {
        try engine.write { transaction throws in
            for number in UInt64(2)...4 {
                try transaction.insertNode(Inode(number), richAttributes())
                let entry = NamedEntry(name: FileName("n\(number)"), inode: Inode(number), type: .file)
                try transaction.insertEntry(entry, in: .root)
                try transaction.insertSliceReference(SliceReference(id: number, size: 5, count: 2))
                try transaction.setDirectoryStat(DirectoryStat(), of: Inode(number))
            }
            try transaction.setCounter(.nextInode, to: 5)
        }
        try bench.damage(.node(Inode(3)))
        try bench.damage(.edge(parent: .root, name: "n3"))
        try bench.damage(.sliceReference(3))
        try bench.damage(.directoryStat(Inode(3)))
        try bench.damage(.counter(.nextInode))
        try engine.snapshot { scanner throws in
            let nodes = try drain(scanner.scanNodes())
            #expect(Set(nodes.records.map(\.inode.number)) == [2, 4])
            #expect(nodes.damaged.map(\.inode) == [Inode(3)])
            #expect(nodes.damaged.allSatisfy { $0.kind == "node" && !$0.reason.isEmpty })
            let edges = try drain(scanner.scanEdges())
            #expect(Set(edges.records.map(\.name)) == ["n2", "n4"])
            #expect(edges.damaged.map(\.kind) == ["edge"])
            let references = try drain(scanner.scanSliceReferences())
            #expect(Set(references.records.map(\.id)) == [2, 4])
            #expect(references.damaged.count == 1)
            let stats = try drain(scanner.scanDirectoryStats())
            #expect(stats.records.count == 2)
            #expect(stats.damaged.map(\.inode) == [Inode(3)])
        }
        #expect(try code { try engine.read { try $0.node(Inode(3)) } } == .corrupt)
        #expect(try code { try engine.read { try $0.entry(named: "n3", in: .root) } } == .corrupt)
        #expect(try code { try engine.read { try $0.counter(.nextInode) } } == .corrupt)
        #expect(try engine.read { try $0.node(Inode(4)) } == richAttributes())
    }
}
