// SPDX-License-Identifier: Apache-2.0
// Every kind of record: written, read back, changed, removed.

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension MetadataConformance {
    static let recordCases: [MetadataCase] = [
        MetadataCase("settings are kept as they were written", settings),
        MetadataCase("counters add up and start at 0", counters),
        MetadataCase("nodes come back with every field", nodes),
        MetadataCase("symlinks and attributes are bytes", bytesOfNodes),
        MetadataCase("slices are appended in order", slices),
        MetadataCase("slice references count their users", references),
        MetadataCase("directory stats add up", directoryStats),
        MetadataCase("quotas of each kind stand alone", quotas),
        MetadataCase("sessions and what they hold open", sessions),
        MetadataCase("queues of deletion", queues),
        MetadataCase("equal ACL rules share an id", rules),
        MetadataCase("locks go with their session", locks),
        MetadataCase("the change log numbers its lines", changes),
    ]

    private static func settings(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        #expect(try !engine.isFormatted())
        #expect(try engine.read { try $0.setting() } == nil)
        let text = Array("{\"Name\": \"naïve\",\n\"UUID\": \"x\"}".utf8)
        try engine.write { try $0.setSetting([1]) }
        try engine.write { try $0.setSetting(text) }
        #expect(try engine.read { try $0.setting() } == text)
        #expect(try engine.isFormatted())
        try engine.createSchema()
        #expect(try engine.read { try $0.setting() } == text)
        try engine.destroy()
        #expect(try !engine.isFormatted())
    }

    private static func counters(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        for (index, counter) in Counter.allCases.enumerated() {
            try engine.write { try $0.setCounter(counter, to: Int64(index) + 10) }
        }
        for (index, counter) in Counter.allCases.enumerated() {
            #expect(try engine.read { try $0.counter(counter) } == Int64(index) + 10)
        }
        let sum: Int64 = 1 << 60 - 3
        try engine.write { transaction throws in
            try transaction.setCounter(.usedSpace, to: 1 << 60)
            try transaction.add(-5, to: .usedSpace)
            try transaction.add(2, to: .usedSpace)
        }
        #expect(try engine.read { try $0.counter(.usedSpace) } == sum)
        let start = try engine.read { try $0.counter(.nextTrash) } ?? 0
        let taken = try (1...2).map { _ in try engine.write { try $0.advance(.nextTrash, by: 3) } }
        #expect(taken == [start + 3, start + 6])
        let all = try engine.snapshot { try $0.counters() }
        #expect(all.contains { $0.name == "usedSpace" && $0.value == sum })
        #expect(all.count >= Counter.allCases.count)
        #expect(throws: EngineError.self) {
            try engine.write { transaction throws in
                try transaction.setCounter(.usedSpace, to: .max)
                try transaction.add(1, to: .usedSpace)
            }
        }
        #expect(try engine.read { try $0.counter(.usedSpace) } == sum)
    }

    private static func nodes(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let inode = Inode(0x7FFF_FFFF_FFFF_FFFF)
        var attributes = richAttributes()
        try engine.write { try $0.insertNode(inode, attributes) }
        #expect(try engine.read { try $0.node(inode) } == attributes)
        #expect(try code { try engine.write { try $0.insertNode(inode, attributes) } } == .exists)
        attributes.length = UInt64(Int64.max)
        attributes.linkCount = 0
        attributes.parent = Inode(0)
        attributes.accessTime = .epoch
        try engine.write { try $0.updateNode(inode, attributes) }
        #expect(
            try engine.read { try $0.nodes([Inode(5), inode, Inode(6), inode]) }
                == [nil, attributes, nil, attributes]
        )
        #expect(try code { try engine.write { try $0.updateNode(Inode(5), attributes) } } == .vanished)
        try engine.write { try $0.deleteNode(inode) }
        #expect(try engine.read { try $0.node(inode) } == nil)
        try engine.write { try $0.deleteNode(inode) }
    }

    private static func bytesOfNodes(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let node = Inode(9)
        let target = ByteString([0xFF, 0xFE, 0x2F, 0x80])
        let all = (0...255).map { UInt8($0) }
        let records = [
            ExtendedAttributeRecord(inode: node, name: "trusted.note", value: Array("root only".utf8)),
            ExtendedAttributeRecord(inode: node, name: "user.bin", value: all),
            ExtendedAttributeRecord(inode: node, name: "user.empty", value: []),
            ExtendedAttributeRecord(inode: node, name: ByteString([0x75, 0xC3, 0xA9]), value: [0]),
        ]
        try engine.write { transaction throws in
            try transaction.setSymlinkTarget("first", of: node)
            try transaction.setSymlinkTarget(target, of: node)
            for record in records {
                try transaction.setExtendedAttribute(named: record.name, of: node, to: [1])
                try transaction.setExtendedAttribute(named: record.name, of: node, to: record.value)
            }
        }
        try engine.read { reader throws in
            #expect(try reader.symlinkTarget(of: node) == target)
            #expect(try reader.symlinkTarget(of: Inode(10)) == nil)
            #expect(try reader.extendedAttribute(named: "user.empty", of: node) == [])
            #expect(try reader.extendedAttribute(named: "user.none", of: node) == nil)
            #expect(try Set(reader.extendedAttributes(of: node)) == Set(records))
        }
        try engine.write { transaction throws in
            try transaction.deleteExtendedAttribute(named: "user.bin", of: node)
            try transaction.deleteSymlinkTarget(of: node)
        }
        #expect(try engine.read { try $0.extendedAttributes(of: node).count } == 3)
        #expect(try engine.read { try $0.symlinkTarget(of: node) } == nil)
        try engine.write { try $0.deleteExtendedAttributes(of: node) }
        #expect(try engine.read { try $0.extendedAttributes(of: node) } == [])
    }

    private static func slices(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let file = Inode(12)
        let list = (1...4).map {
            Slice(position: UInt32($0), id: UInt64($0) << 40, size: 9, offset: 0, length: 9)
        }
        let counts = try engine.write { transaction throws in
            [
                try transaction.appendSlices([list[0]], toChunk: 3, of: file),
                try transaction.appendSlices([list[1], list[2]], toChunk: 3, of: file),
            ]
        }
        #expect(counts == [1, 3])
        #expect(try engine.write { try $0.appendSlices([list[3]], toChunk: 3, of: file) } == 4)
        try engine.write { transaction throws in
            try transaction.setChunk(ChunkRecord(inode: file, index: 1, slices: Slice.encode([list[2]])))
            try transaction.appendSlices([.hole(position: 0, length: 5)], toChunk: 1, of: file)
            try transaction.appendSlices([list[0]], toChunk: 0, of: Inode(13))
        }
        let whole = ChunkRecord(inode: file, index: 3, slices: Slice.encode(list))
        let mixed = ChunkRecord(
            inode: file,
            index: 1,
            slices: Slice.encode([list[2], .hole(position: 0, length: 5)])
        )
        try engine.read { reader throws in
            #expect(try reader.chunk(3, of: file) == whole)
            #expect(try reader.chunk(2, of: file) == nil)
            #expect(try reader.chunks(of: file) == [mixed, whole])
        }
        try engine.write { try $0.deleteChunk(3, of: file) }
        #expect(try engine.read { try $0.chunks(of: file) } == [mixed])
    }

    private static func references(_ bench: any MetadataBench, _ engine: any MetadataEngine) throws {
        let reference = SliceReference(id: 1 << 50, size: 70_000, count: 1)
        try engine.write { try $0.insertSliceReference(reference) }
        #expect(try engine.read { try $0.sliceReference(reference.id, size: reference.size) } == reference)
        if bench.recordsEveryReference {
            #expect(try code { try engine.write { try $0.insertSliceReference(reference) } } == .exists)
        }
        let key = SliceKey(id: reference.id, size: reference.size)
        for (delta, count) in [(Int64(2), Int64(3)), (-4, -1)] {
            try engine.write { try $0.adjustSliceReference(key.id, size: key.size, by: delta) }
            #expect(try engine.read { try $0.sliceReferences([key]) }.map { $0?.count } == [count])
        }
        try engine.write { try $0.deleteSliceReference(reference.id, size: reference.size) }
        let left = try engine.snapshot { try drain($0.scanSliceReferences()).records }
        #expect(left == [])
    }

    private static func directoryStats(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let directory = Inode(20)
        let stat = DirectoryStat(dataLength: 1 << 50, usedSpace: 8192, usedInodes: 2)
        let delta = DirectoryStat(dataLength: -1, usedSpace: 4096, usedInodes: 1)
        #expect(try !engine.write { try $0.adjustDirectoryStat(of: directory, by: delta) })
        #expect(try engine.read { try $0.directoryStat(of: directory) } == nil)
        try engine.write { try $0.setDirectoryStat(DirectoryStat(), of: directory) }
        try engine.write { try $0.setDirectoryStat(stat, of: directory) }
        #expect(try engine.write { try $0.adjustDirectoryStat(of: directory, by: delta) })
        #expect(try engine.read { try $0.directoryStat(of: directory) } == stat + delta)
        try engine.write { transaction throws in
            try transaction.setDirectoryStat(stat, of: Inode(21))
            try transaction.deleteDirectoryStat(of: directory)
        }
        #expect(try engine.read { try $0.directoryStat(of: directory) } == nil)
        #expect(try engine.read { try $0.directoryStat(of: Inode(21)) } == stat)
        try engine.write { try $0.deleteDirectoryStats() }
        #expect(try engine.read { try $0.directoryStat(of: Inode(21)) } == nil)
    }

    private static func quotas(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let kinds = QuotaKind.allCases
        let records = kinds.map { kind in
            QuotaRecord(
                kind: kind,
                key: 1001,
                quota: Quota(
                    maxSpace: Int64(kind.rawValue) - 1,
                    maxInodes: 1 << 40,
                    usedSpace: 4096,
                    usedInodes: 1
                )
            )
        }
        for record in records {
            try engine.write { transaction throws in
                #expect(
                    try !transaction.adjustQuota(record.kind, record.key, space: 1, inodes: 1)
                )
                try transaction.setQuota(
                    QuotaRecord(
                        kind: record.kind,
                        key: record.key,
                        quota: Quota(
                            maxSpace: 9,
                            maxInodes: 9
                        )
                    )
                )
                try transaction.setQuota(record)
            }
        }
        for record in records {
            #expect(try engine.read { try $0.quota(record.kind, record.key) } == record.quota)
            #expect(try engine.read { try $0.quotas(record.kind) } == [record])
            #expect(try engine.read { try $0.quota(record.kind, 5) } == nil)
            #expect(try engine.write { try $0.adjustQuota(record.kind, record.key, space: -96, inodes: 4) })
            var expected = record
            expected.quota.usedSpace = 4000
            expected.quota.usedInodes = 5
            #expect(try engine.snapshot { try drain($0.scanQuotas(record.kind)).records } == [expected])
            try engine.write { try $0.deleteQuota(record.kind, record.key) }
            #expect(try engine.read { try $0.quotas(record.kind) } == [])
        }
    }

    private static func sessions(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let first = SessionRecord(id: 1, expires: 2_000_000_000, info: Array("{\"Version\":\"1.4.2\"}".utf8))
        let second = SessionRecord(id: 2, expires: 5, info: [])
        #expect(try !engine.write { try $0.setSessionExpiry(1, to: 9) })
        try engine.write { transaction throws in
            try transaction.setSession(SessionRecord(id: 1, expires: 1, info: [0x7B, 0x7D]))
            try transaction.setSession(first)
            try transaction.setSession(second)
            #expect(try transaction.setSessionExpiry(2, to: 6))
            for inode in [UInt64(30), 31] {
                try transaction.insertSustained(SustainedInode(session: 1, inode: Inode(inode)))
            }
            try transaction.insertSustained(SustainedInode(session: 2, inode: Inode(31)))
            try transaction.insertSustained(SustainedInode(session: 2, inode: Inode(31)))
        }
        try engine.read { reader throws in
            #expect(try reader.session(1) == first)
            #expect(try reader.session(3) == nil)
            #expect(try reader.sessions().map(\.id).sorted() == [1, 2])
            #expect(try reader.session(2)?.expires == 6)
            #expect(try Set(reader.sustainedInodes(of: 1)) == [Inode(30), Inode(31)])
            #expect(try reader.sustainingSessions(of: Inode(31)).sorted() == [1, 2])
        }
        try engine.write { transaction throws in
            try transaction.deleteSustained(SustainedInode(session: 1, inode: Inode(31)))
            try transaction.deleteSession(2)
        }
        let held = try engine.snapshot { Set(try drain($0.scanSustainedInodes()).records) }
        #expect(
            held == [
                SustainedInode(session: 1, inode: Inode(30)), SustainedInode(session: 2, inode: Inode(31)),
            ]
        )
        #expect(try engine.read { try $0.sessions() } == [first])
    }

    private static func queues(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let file = DeletedFile(inode: Inode(40), length: 1 << 45, deleted: 1_800_000_000)
        let slices = DelayedSlices(
            id: 41,
            deleted: 1_800_000_001,
            encodedSlices: [UInt8](repeating: 0, count: 24)
        )
        let node = DetachedNode(inode: Inode(42), added: 1_800_000_002)
        try engine.write { transaction throws in
            try transaction.setDeletedFile(file)
            try transaction.setDeletedFile(file)
            try transaction.setDelayedSlices(slices)
            try transaction.insertDetachedNode(node)
        }
        try engine.read { reader throws in
            #expect(try reader.deletedFile(Inode(40)) == file)
            #expect(try reader.delayedSlices(41) == slices)
            #expect(try reader.detachedNode(Inode(42)) == node)
            #expect(try reader.deletedFile(Inode(41)) == nil)
            #expect(try reader.delayedSlices(40) == nil)
            #expect(try reader.detachedNode(Inode(40)) == nil)
        }
        try engine.snapshot { scanner throws in
            #expect(try drain(scanner.scanDeletedFiles()).records == [file])
            #expect(try drain(scanner.scanDelayedSlices()).records == [slices])
            #expect(try drain(scanner.scanDetachedNodes()).records == [node])
        }
        try engine.write { transaction throws in
            try transaction.deleteDeletedFile(Inode(40))
            try transaction.deleteDelayedSlices(41)
            try transaction.deleteDetachedNode(Inode(42))
        }
        try engine.snapshot { scanner throws in
            #expect(try drain(scanner.scanDeletedFiles()).records.isEmpty)
            #expect(try drain(scanner.scanDelayedSlices()).records.isEmpty)
            #expect(try drain(scanner.scanDetachedNodes()).records.isEmpty)
        }
    }

    private static func rules(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let plain = ACLRule(owner: 6, group: 4, mask: 6, other: 4)
        var named = plain
        named.namedUsers = [ACLRule.Entry(id: 1001, permissions: 6), ACLRule.Entry(id: 5, permissions: 0)]
        named.namedGroups = [ACLRule.Entry(id: .max, permissions: 4)]
        var reordered = named
        reordered.namedUsers.reverse()
        let ids = try engine.write { transaction throws in
            try [plain, named, reordered, ACLRule()].map { try transaction.aclID(of: $0) }
        }
        #expect(Set(ids).count == 4)
        #expect(ids.allSatisfy { $0 > 0 })
        #expect(try engine.write { try $0.aclID(of: named) } == ids[1])
        #expect(try engine.read { try $0.aclRule(ids[1]) } == named)
        #expect(try engine.read { try $0.aclRule(ids[3]) } == ACLRule())
        #expect(try engine.read { try $0.aclRule(99) } == nil)
        let stored = try engine.snapshot { Set(try drain($0.scanACLRules()).records) }
        #expect(stored == Set(zip(ids, [plain, named, reordered, ACLRule()]).map(ACLRecord.init)))
    }

    private static func locks(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        let node = Inode(50)
        let write = FileLock(session: 1, owner: 0xA32C_0000_0000_0001, isWrite: true)
        let read = FileLock(session: 2, owner: 7, isWrite: false)
        let ranges = OwnedRangeLocks(
            session: 1,
            owner: .max,
            locks: [
                RangeLock(type: 1, processID: 31_280, start: 0, end: 2),
                RangeLock(type: 0, processID: 31_280, start: 5, end: UInt64(Int64.max)),
            ]
        )
        var released = ranges
        released.owner = 5
        try engine.write { transaction throws in
            var first = write
            first.isWrite = false
            for lock in [first, write, read] { try transaction.setFileLock(lock, of: node) }
            try transaction.setRangeLocks(released, of: node)
            try transaction.setRangeLocks(ranges, of: node)
            released.locks = []
            try transaction.setRangeLocks(released, of: node)
        }
        #expect(try engine.read { Set(try $0.fileLocks(of: node)) } == [write, read])
        #expect(try engine.read { try $0.rangeLocks(of: node) } == [ranges])
        #expect(try engine.read { try $0.fileLocks(of: Inode(51)) } == [])
        try engine.snapshot { scanner throws in
            let files = try scanner.fileLocks(ofSession: 1)
            #expect(files.map(\.inode) == [node])
            #expect(files.map(\.lock) == [write])
            let owned = try scanner.rangeLocks(ofSession: 1)
            #expect(owned.map(\.inode) == [node])
            #expect(owned.map(\.locks) == [ranges])
            #expect(try scanner.rangeLocks(ofSession: 2).isEmpty)
        }
        try engine.write { try $0.deleteLocks(of: 1) }
        #expect(try engine.read { try $0.fileLocks(of: node) } == [read])
        #expect(try engine.read { try $0.rangeLocks(of: node) } == [])
        try engine.write { try $0.deleteFileLock(session: 2, owner: 7, of: node) }
        #expect(try engine.read { try $0.fileLocks(of: node) } == [])
    }

    /// metadata-format §5.12.
    private static func changes(_: any MetadataBench, _ engine: any MetadataEngine) throws {
        #expect(try engine.read { try $0.lastChange() } == 0)
        let lines = ["1.000000001|MKDIR|(1,1)", "1.000000002|X(%FF)|(1,2)", "2.0|Y|(2,1)"].map {
            Array($0.utf8)
        }
        for line in lines { try engine.write { try $0.appendChange(line) } }
        let stored = try engine.read { try $0.changes(after: 0, limit: 10) }
        #expect(stored.map(\.entry) == lines)
        #expect(stored.map(\.version) == stored.map(\.version).sorted())
        let first = try #require(stored.first)
        let last = try #require(stored.last)
        #expect(try engine.read { try $0.lastChange() } == last.version)
        #expect(try engine.read { try $0.changes(after: first.version, limit: 1) } == [stored[1]])
        try engine.write { try $0.deleteChanges(through: first.version) }
        #expect(try engine.read { try $0.changes(after: 0, limit: 10) } == Array(stored.dropFirst()))
        try engine.write { try $0.deleteChanges(through: last.version) }
        try engine.write { try $0.appendChange(lines[0]) }
        #expect(try engine.read { try $0.lastChange() } == last.version + 1)
    }
}
