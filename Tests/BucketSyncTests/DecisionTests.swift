// SPDX-License-Identifier: Apache-2.0
// The decision table of sync.md §a.3, row by row and column by column.

import BucketSync
import ObjectStorage
import SluiceBase
import Testing

@Suite("The decision for a key that both sides have")
struct DecisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var row: String
        var source: (size: UInt64, second: Int64)
        /// In the order default, -u, -f, --existing, --ignore-existing, --check-all.
        var decisions: [Decision]
        var testDescription: String { row }
    }

    /// The destination is always 5 bytes of second 100.
    static let rows: [Case] = [
        Case(
            row: "same size, source newer",
            source: (5, 200),
            decisions: [.skip, .replace, .replace, .skip, .skip, .compare]
        ),
        Case(
            row: "same size, source older",
            source: (5, 50),
            decisions: [.skip, .skip, .replace, .skip, .skip, .compare]
        ),
        Case(
            row: "other size, source older",
            source: (6, 50),
            decisions: [.replace, .skip, .replace, .replace, .skip, .replace]
        ),
        Case(
            row: "other size, same second",
            source: (6, 100),
            decisions: [.replace, .skip, .replace, .replace, .skip, .replace]
        ),
        Case(
            row: "same size, same second",
            source: (5, 100),
            decisions: [.skip, .skip, .replace, .skip, .skip, .compare]
        ),
    ]

    static let columns: [@Sendable (inout Comparison) -> Void] = [
        { _ in }, { $0.update = true }, { $0.forceUpdate = true }, { $0.existingOnly = true },
        { $0.ignoreExisting = true }, { $0.content = true },
    ]

    @Test("Follows the table", arguments: rows)
    func table(_ row: Case) {
        let source = ObjectInfo(
            key: "k",
            size: row.source.size,
            modified: Timestamp(seconds: row.source.second)
        )
        let destination = ObjectInfo(key: "k", size: 5, modified: Timestamp(seconds: 100))
        let decisions = Self.columns.map { change in
            var options = SyncOptions()
            change(&options.comparison)
            return DecisionTable(options, bothAreTrees: true).decide(source, destination)
        }
        #expect(decisions == row.decisions)
    }

    @Test("Compares whole seconds under --update")
    func wholeSeconds() {
        var options = SyncOptions()
        options.comparison.update = true
        let source = ObjectInfo(key: "k", size: 1, modified: Timestamp(seconds: 7, nanoseconds: 9))
        let destination = ObjectInfo(key: "k", size: 1, modified: Timestamp(seconds: 7))
        #expect(DecisionTable(options, bothAreTrees: true).decide(source, destination) == .skip)
    }

    @Test("Looks at the bytes where --update met another size in the same second and --check-all is given")
    func updateAndCheckAll() {
        var options = SyncOptions()
        options.comparison.update = true
        options.comparison.content = true
        let source = ObjectInfo(key: "k", size: 6, modified: Timestamp(seconds: 7))
        let destination = ObjectInfo(key: "k", size: 5, modified: Timestamp(seconds: 7))
        #expect(DecisionTable(options, bothAreTrees: true).decide(source, destination) == .compare)
    }

    @Test("Replaces a link whose text differs and a file that became a link")
    func kinds() {
        func link(_ text: ByteString) -> ObjectInfo {
            let facts = FileFacts(mode: 0o777, uid: 0, gid: 0, target: text)
            return ObjectInfo(key: "k", size: 0, modified: .epoch, kind: .symlink, file: facts)
        }
        let table = DecisionTable(SyncOptions(), bothAreTrees: true)
        #expect(table.decide(link("a"), link("a")) == .skip)
        #expect(table.decide(link("a"), link("b")) == .replace)
        #expect(table.decide(link("a"), ObjectInfo(key: "k", size: 0, modified: .epoch)) == .replace)
    }

    @Test("Sets facts only where both sides have them and they differ")
    func facts() {
        func file(_ mode: UInt16) -> ObjectInfo {
            ObjectInfo(key: "k", size: 1, modified: .epoch, file: FileFacts(mode: mode, uid: 1, gid: 1))
        }
        var options = SyncOptions()
        options.fidelity.permissions = true
        #expect(DecisionTable(options, bothAreTrees: true).decide(file(0o600), file(0o644)) == .setFacts)
        #expect(DecisionTable(options, bothAreTrees: true).decide(file(0o600), file(0o600)) == .skip)
        #expect(DecisionTable(options, bothAreTrees: false).decide(file(0o600), file(0o644)) == .skip)
    }
}
