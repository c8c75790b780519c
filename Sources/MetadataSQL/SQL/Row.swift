// SPDX-License-Identifier: Apache-2.0
// Columns to values. Stored numbers are foreign: every conversion is checked, NULL counts as 0 only where
// metadata-format §3.2 says so.

import Metadata
import SluiceBase
import VolumeModel

extension SQLStatement {
    /// A number that must be there and fit.
    @inline(__always)
    func number<Number: FixedWidthInteger>(
        _ column: Int,
        as _: Number.Type = Number.self,
    ) throws(RowDamage) -> Number {
        guard let value = try integer(column) else { throw RowDamage(reason: "\(name(column)) is missing") }
        guard let number = Number(exactly: value) else { throw outOfRange(column, value) }
        return number
    }

    /// A number that counts as 0 when it is missing.
    @inline(__always)
    func numberOrZero<Number: FixedWidthInteger>(
        _ column: Int,
        as _: Number.Type = Number.self,
    ) throws(RowDamage) -> Number {
        guard let value = try integer(column) else { return 0 }
        guard let number = Number(exactly: value) else { throw outOfRange(column, value) }
        return number
    }

    /// An unsigned number that is stored as the signed one of the same bits.
    func bits(_ column: Int) throws(RowDamage) -> UInt64 {
        UInt64(bitPattern: try number(column))
    }

    func inode(_ column: Int) throws(RowDamage) -> Inode {
        Inode(try number(column))
    }

    /// Bytes that must be there.
    func run(_ column: Int) throws(RowDamage) -> [UInt8] {
        if let value = try bytes(column) { return value }
        throw RowDamage(reason: "\(name(column)) is missing")
    }

    private func outOfRange(_ column: Int, _ value: Int64) -> RowDamage {
        RowDamage(reason: "\(name(column)) is \(value), which is out of range")
    }
}

extension Attributes {
    private static let columnNames = [
        "type", "flags", "mode", "uid", "gid", "atime", "mtime", "ctime", "atimensec", "mtimensec",
        "ctimensec", "nlink", "length", "rdev", "parent", "access_acl_id", "default_acl_id", "tier_id",
    ]

    /// The columns that `init(from:)` reads, in its order.
    static let columns = columnNames.joined(separator: ", ")

    /// The same columns, of one table of several.
    static func columns(of table: String) -> String {
        columnNames.map { "\(table).\($0)" }.joined(separator: ", ")
    }

    /// Reads `columns`, the first of which is column `start` of the row.
    init(from row: any SQLStatement, at start: Int = 0) throws(RowDamage) {
        let time = try Timestamp(
            storedMicroseconds: row.number(start + 5),
            nanoseconds: row.number(start + 8)
        )
        self.init(
            type: FileType(rawValue: try row.number(start)),
            mode: try row.number(start + 2, as: UInt16.self),
            uid: try row.number(start + 3),
            gid: try row.number(start + 4),
            time: time,
            linkCount: try row.number(start + 11),
            length: try row.number(start + 12),
            device: try row.numberOrZero(start + 13),
            parent: Inode(try row.numberOrZero(start + 14))
        )
        flags = NodeFlags(rawValue: try row.number(start + 1))
        modifyTime = try Timestamp(
            storedMicroseconds: row.number(start + 6),
            nanoseconds: row.number(start + 9)
        )
        changeTime = try Timestamp(
            storedMicroseconds: row.number(start + 7),
            nanoseconds: row.number(start + 10)
        )
        accessACL = try row.numberOrZero(start + 15)
        defaultACL = try row.numberOrZero(start + 16)
        tier = try row.numberOrZero(start + 17)
    }
}

extension Entry {
    /// Reads two columns: inode, type.
    init(from row: any SQLStatement) throws(RowDamage) {
        self.init(inode: try row.inode(0), type: FileType(rawValue: try row.number(1)))
    }
}

extension Timestamp {
    /// Microseconds since the epoch and the 0...999 nanoseconds that they leave out (metadata-format §3.2).
    init(storedMicroseconds micros: Int64, nanoseconds extra: Int64) throws(RowDamage) {
        guard (0..<1000) ~= extra else {
            throw RowDamage(reason: "a time has \(extra) nanoseconds beside its microseconds")
        }
        let (seconds, rest) = micros.quotientAndRemainder(dividingBy: 1_000_000)
        let borrow: Int64 = rest < 0 ? 1 : 0
        // The rest is within ±10⁶, so neither sum can leave its type.
        self.init(
            seconds: seconds - borrow,
            nanoseconds: UInt32(truncatingIfNeeded: (rest + borrow * 1_000_000) * 1000 + extra)
        )
    }

    /// The two columns of a time; nil when it does not fit them.
    var stored: (microseconds: Int64, nanoseconds: Int64)? {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (micros, carried) = product.addingReportingOverflow(Int64(nanoseconds / 1000))
        guard !overflow, !carried else { return nil }
        return (micros, Int64(nanoseconds % 1000))
    }
}

extension Quota {
    /// Reads four columns: max_space, max_inodes, used_space, used_inodes.
    init(from row: any SQLStatement, at start: Int) throws(RowDamage) {
        self.init(
            maxSpace: try row.number(start),
            maxInodes: try row.number(start + 1),
            usedSpace: try row.number(start + 2),
            usedInodes: try row.number(start + 3)
        )
    }
}

extension DirectoryStat {
    /// Reads three columns: data_length, used_space, used_inodes.
    init(from row: any SQLStatement, at start: Int) throws(RowDamage) {
        self.init(
            dataLength: try row.number(start),
            usedSpace: try row.number(start + 1),
            usedInodes: try row.number(start + 2)
        )
    }
}

extension ACLRule {
    static let columns = "owner, \"group\", mask, other, named_users, named_groups"

    /// Reads `columns`; an absent list is empty.
    init(from row: any SQLStatement, at start: Int) throws(RowDamage) {
        do {
            self.init(
                owner: try row.number(start),
                group: try row.number(start + 1),
                mask: try row.number(start + 2),
                other: try row.number(start + 3),
                namedUsers: try ACLRule.entries(decoding: row.bytes(start + 4) ?? []),
                namedGroups: try ACLRule.entries(decoding: row.bytes(start + 5) ?? [])
            )
        } catch let damage as RowDamage {
            throw damage
        } catch {
            throw RowDamage(reason: "\(error)")
        }
    }
}
