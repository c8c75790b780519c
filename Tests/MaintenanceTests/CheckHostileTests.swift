// SPDX-License-Identifier: Apache-2.0

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Checking records that are random")
struct CheckHostileTests {
    @Test("random records never trap and are never called clean", arguments: 0..<40 as Range<UInt64>)
    func random(seed: UInt64) throws {
        let engine = MemoryEngine()
        let bench = CheckBench(builder: try VolumeBuilder.base(on: engine), damage: engine)
        var random = SeededRandom(seed: seed)
        engine.edit { records in
            for _ in 0..<20 { Self.damage(&records, &random) }
        }
        let whole = try bench.check()
        #expect(whole.summary.exitBits & 4 != 0, "seed \(seed)")
        _ = try bench.check { options in
            options.path = "/"
            options.isRecursive = true
        }
        for finding in whole.findings {
            #expect(finding.json["code"]?.stringValue == finding.code.rawValue)
        }
    }

    private static func bytes(_ random: inout SeededRandom, _ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// An inode that may be there, or one of the ends of the range.
    private static func inode(_ records: MemoryRecords, _ random: inout SeededRandom) -> Inode {
        let known = records.nodes.keys.sorted()
        let numbers: [UInt64] = [
            0, 1, .max, Inode.trash.number, Inode.trash.number + 1, .random(in: 0...60, using: &random),
        ]
        guard Bool.random(using: &random), let inode = known.randomElement(using: &random) else {
            return Inode(numbers.randomElement(using: &random) ?? 0)
        }
        return inode
    }

    private static func damage(_ records: inout MemoryRecords, _ random: inout SeededRandom) {
        let inode = inode(records, &random)
        let other = Self.inode(records, &random)
        let number = UInt64.random(in: 0...UInt64.max, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0:
            let length = Int.random(in: 0...100, using: &random)
            records.chunks[inode, default: [:]][UInt32(truncatingIfNeeded: number)] = bytes(&random, length)
        case 1:
            records.nodes[inode]?.length = number
        case 2:
            records.nodes[inode]?.linkCount = UInt32(truncatingIfNeeded: number)
            records.nodes[inode]?.parent = other
        case 3:
            records.nodes[inode]?.type = FileType(rawValue: UInt8(truncatingIfNeeded: number))
        case 4:
            let name = FileName(bytes(&random, Int.random(in: 0...300, using: &random)))
            let type = FileType(rawValue: UInt8.random(in: 0...8, using: &random))
            records.entries[inode, default: [:]][name] = Entry(inode: other, type: type)
        case 5:
            records.nodes[inode] = nil
        case 6:
            let stat = Int64(bitPattern: number)
            records.directoryStats[inode] = DirectoryStat(dataLength: stat, usedSpace: .min, usedInodes: .max)
        case 7:
            let slice = SliceReference(
                id: number,
                size: UInt32(truncatingIfNeeded: number),
                count: Int64(bitPattern: number)
            )
            records.sliceReferences[number] = slice
        case 8:
            let encoded = bytes(&random, Int.random(in: 0...50, using: &random))
            records.delayedSlices[number] = DelayedSlices(id: number, deleted: .min, encodedSlices: encoded)
        case 9:
            records.detachedNodes[inode] = DetachedNode(inode: inode, added: Int64(bitPattern: number))
            records.deletedFiles[other] = DeletedFile(inode: other, length: number, deleted: .max)
        case 10:
            records.quotas[QuotaKey(kind: .directory, key: inode.number)] = Quota(
                maxSpace: .min,
                maxInodes: .max,
                usedSpace: .max,
                usedInodes: .min
            )
        default:
            records.sustained.insert(SustainedInode(session: number, inode: inode))
            records.sessions[number] = SessionRecord(
                id: number,
                expires: Int64(bitPattern: number),
                info: [1, 2]
            )
            records.counters["usedSpace"] = .max
        }
    }
}
