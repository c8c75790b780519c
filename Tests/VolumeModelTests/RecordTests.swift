// SPDX-License-Identifier: Apache-2.0
import SluiceBase
import Testing
import VolumeModel

@Suite struct RecordTests {
    @Test func `an ACL rule encodes as JuiceFS stores it`() throws {
        // u::rw,u:1001:rw,g::r,g:2001:r,m::rw,o::r (metadata-format §5.10)
        let rule = ACLRule(
            owner: 6,
            group: 4,
            mask: 6,
            other: 4,
            namedUsers: [.init(id: 1001, permissions: 6)],
            namedGroups: [.init(id: 2001, permissions: 4)]
        )
        let hex = "000600040006000400000001000003e9000600000001000007d10004"
        #expect(Hex.encode(rule.encoded) == hex)
        #expect(try ACLRule(decoding: Hex.decode(hex)) == rule)
        #expect(Hex.encode(ACLRule.encode(rule.namedUsers)) == "000003e90006")
        #expect(!rule.isMinimal)
        #expect(ACLRule(owner: 6, group: 4, other: 0).isMinimal)
        #expect(ACLRule().isEmpty)
    }

    @Test(arguments: ["", "0006", "0006000400060004ffffffff", "000600040006000400000000000000000a"])
    func `broken ACL rules are refused`(hex: String) throws {
        let bytes = try Hex.decode(hex)
        #expect(throws: CodecError.self) { try ACLRule(decoding: bytes) }
    }

    @Test func `range locks encode as JuiceFS stores them`() throws {
        let locks = [
            RangeLock(type: 1, processID: 31280, start: 0, end: 2),
            RangeLock(type: 0, processID: 31280, start: 5, end: 8),
        ]
        let hex =
            "0000000100007a3000000000000000000000000000000002"
            + "0000000000007a3000000000000000050000000000000008"
        #expect(Hex.encode(RangeLock.encode(locks)) == hex)
        #expect(try RangeLock.list(decoding: Hex.decode(hex)) == locks)
        #expect(throws: CodecError.self) { try RangeLock.list(decoding: [1, 2, 3]) }
    }

    @Test func `quota limits encode as Redis stores them`() throws {
        let quota = Quota(maxSpace: 1 << 30, maxInodes: 1000)
        #expect(Hex.encode(quota.encodedLimits) == "000000004000000000000000000003e8")
        #expect(
            Hex.encode(Quota(maxSpace: -1, maxInodes: -1).encodedLimits) == String(repeating: "f", count: 32)
        )
        #expect(try Quota(decodingLimits: quota.encodedLimits) == quota)
    }

    @Test func `a quota is exceeded only by growth past a limit that is set`() {
        let quota = Quota(maxSpace: 100, maxInodes: 0, usedSpace: 90, usedInodes: 50)
        #expect(quota.isExceeded(byAddingSpace: 11, inodes: 0))
        #expect(!quota.isExceeded(byAddingSpace: 10, inodes: 99))
        #expect(!quota.isExceeded(byAddingSpace: -5, inodes: 0))
        #expect(quota.isExceeded(byAddingSpace: .max, inodes: 0))
    }

    @Test func `session info keeps the stored field order`() throws {
        let text =
            #"{"Version":"1.4.2","HostName":"h","IPAddrs":["192.0.2.2"],"MountPoint":"/m","#
            + #""MountTime":"2026-11-23T19:21:23.466761163Z","ProcessID":30102}"#
        let info = try SessionInfo(decoding: Array(text.utf8))
        #expect(info.processID == 30102)
        #expect(String(decoding: info.encoded, as: UTF8.self) == text)
        #expect(throws: CodecError.self) { try SessionInfo(decoding: [0xFF]) }
    }

    @Test func `trash entries name parent, inode and old name`() throws {
        let name = TrashEntryName(parent: Inode(105), inode: Inode(174), name: "go-ne")
        #expect(name.encoded == "105-174-go-ne")
        #expect(TrashEntryName(parsing: "105-174-go-ne") == name)
        let long = TrashEntryName(
            parent: .root,
            inode: Inode(2),
            name: ByteString(Array(repeating: 0x4C, count: 255))
        )
        #expect(long.encoded.count == 255)
        #expect(TrashEntryName(parsing: "x-1-a") == nil)
        #expect(TrashEntryName(parsing: "1-2") == nil)
    }

    @Test(arguments: [
        (1_795_461_529, "2026-11-23-19"), (0, "1970-01-01-00"), (951_782_400, "2000-02-29-00"),
        (-1, "1969-12-31-23"),
    ])
    func `hours are named in UTC`(seconds: Int64, name: String) throws {
        let hour = TrashHour(containing: Timestamp(seconds: seconds))
        #expect(hour.name == ByteString(name))
        #expect(TrashHour(parsing: ByteString(name)) == hour)
    }

    @Test(arguments: [
        "2026-13-01-00", "2026-02-30-00", "2026-11-23-24", "2026-11-23", "abcd-ef-gh-ij", "2026-1-1-1",
    ])
    func `other names are no hour`(name: String) {
        #expect(TrashHour(parsing: ByteString(name)) == nil)
    }
}
