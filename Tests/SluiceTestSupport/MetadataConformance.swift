// SPDX-License-Identifier: Apache-2.0
// What every metadata engine must do with records. An engine plugs in by a `MetadataBench` that makes an
// empty database with its tables; each case is handed one of its own.

package import Metadata
import SluiceBase
import Testing
package import VolumeModel

/// A database that a case may fill and damage.
package protocol MetadataBench: AnyObject, Sendable {
    /// Whether scans and reads run on snapshots.
    var isolatesReads: Bool { get }

    /// Whether a slice with one user has a record, so that a second one with its id is refused.
    var recordsEveryReference: Bool { get }

    /// Another engine on the same database.
    func engine() throws -> any MetadataEngine

    /// Makes a stored record undecodable.
    func damage(_ record: DamageableRecord) throws

    /// Removes the database.
    func cleanUp() throws
}

/// A record that cases damage.
package enum DamageableRecord: Hashable, Sendable {
    case node(Inode)
    case edge(parent: Inode, name: FileName)
    case sliceReference(UInt64)
    case directoryStat(Inode)
    case counter(Counter)
}

/// One promise of `MetadataEngine`.
package struct MetadataCase: Sendable, CustomTestStringConvertible {
    private let name: String
    private let body: @Sendable (any MetadataBench, any MetadataEngine) throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any MetadataBench, any MetadataEngine) throws -> Void) {
        self.name = name
        self.body = body
    }

    package var testDescription: String { name }

    /// Holds an empty database to this promise, then removes it.
    package func check(_ bench: any MetadataBench) throws {
        let engine = try bench.engine()
        let result = Result {
            try engine.createSchema()
            try body(bench, engine)
        }
        engine.close()
        try bench.cleanUp()
        try result.get()
    }
}

/// The promises of `MetadataEngine`, for `@Test(arguments:)`.
package enum MetadataConformance {
    package static let cases: [MetadataCase] =
        recordCases + namespaceCases + transactionCases + scanCases

    static let time = Timestamp(seconds: 1_800_000_000, nanoseconds: 123_456_789)

    /// A file with a different number in every field.
    static func richAttributes(parent: Inode = Inode(7)) -> Attributes {
        var attributes = Attributes(
            type: .file,
            mode: 0o6755,
            uid: 1001,
            gid: 2001,
            time: time,
            linkCount: 3,
            length: 1 << 40,
            device: 2065,
            parent: parent
        )
        attributes.flags = [.append, .skipTrash]
        attributes.modifyTime = Timestamp(seconds: 1, nanoseconds: 999_999_999)
        attributes.changeTime = Timestamp(seconds: 4_000_000_000, nanoseconds: 1)
        attributes.accessACL = 4
        attributes.defaultACL = 5
        attributes.tier = 3
        return attributes
    }

    static func directory(linkCount: UInt32 = 2) -> Attributes {
        Attributes(
            type: .directory,
            mode: 0o755,
            time: time,
            linkCount: linkCount,
            length: 4096,
            parent: .root
        )
    }

    /// The code of the engine error that `body` throws, nil when it throws none.
    static func code<Result>(_ body: () throws -> Result) throws -> EngineError.Code? {
        do {
            _ = try body()
            return nil
        } catch let error as EngineError {
            return error.code
        }
    }

    /// What a scan delivers, damaged rows apart.
    static func drain<Record>(
        _ cursor: any RecordCursor<Record>,
    ) throws -> (records: [Record], damaged: [DamagedRecord]) {
        var records: [Record] = []
        var damaged: [DamagedRecord] = []
        while let item = try cursor.next() {
            switch item {
            case .record(let record): records.append(record)
            case .damaged(let damage): damaged.append(damage)
            }
        }
        return (records, damaged)
    }
}

/// An error of a case's own, to see closures fail.
struct Interruption: Error, Hashable {}
