// SPDX-License-Identifier: Apache-2.0
// Everything of a JSON dump before the tree: settings, counters, what is open or deleted, quotas.

import Metadata
import SluiceBase
import VolumeModel

extension DumpWriter {
    /// Writes the fields before the tree, in the order in which JuiceFS 1.4.2 has them.
    /// - Parameter isWhole: a part of a volume has no limits of owners, which count over the whole.
    func addHead(_ scanner: any MetadataScanner, _ settings: VolumeSettings, isWhole: Bool) throws {
        let setting = JSONValue.object(settings.json).pretty(indent: 2, escapesHTML: true)
        try add { text in
            text.append("{\n  \"Setting\": ")
            for byte in setting.utf8 {
                text.bytes.append(byte)
                if byte == 0x0A { text.append("  ") }
            }
        }
        try addCounters(scanner, settings)
        try addSustained(scanner)
        try addDeletedFiles(scanner)
        try addQuotas(scanner, .directory, "Quotas")
        guard isWhole else { return }
        try addQuotas(scanner, .user, "UserQuotas")
        try addQuotas(scanner, .group, "GroupQuotas")
    }

    private func addCounters(_ scanner: any MetadataScanner, _ settings: VolumeSettings) throws {
        let values = Dictionary(try scanner.counters().map { ($0.name, $0.value) }) { first, _ in first }
        func value(_ counter: Counter) -> Int64 { values[counter.rawValue] ?? 0 }
        let lastChange = settings.changeLog ? try scanner.lastChange() : 0
        try add { text in
            text.append(",\n  \"Counters\": {")
            text.field("\n    \"usedSpace\": ", value(.usedSpace))
            text.field(",\n    \"usedInodes\": ", value(.totalInodes))
            text.field(",\n    \"nextInodes\": ", value(.nextInode))
            text.field(",\n    \"nextChunk\": ", value(.nextChunk))
            text.field(",\n    \"nextSession\": ", value(.nextSession))
            text.field(",\n    \"nextTrash\": ", value(.nextTrash))
            text.fieldUnlessZero(",\n    \"lastChangelog\": ", lastChange)
            text.append("\n  }")
        }
    }

    private func addSustained(_ scanner: any MetadataScanner) throws {
        var sessions: [UInt64: Set<UInt64>] = [:]
        let cursor = try scanner.scanSustainedInodes()
        while let scanned = try cursor.next() {
            switch scanned {
            case .record(let record): sessions[record.session, default: []].insert(record.inode.number)
            case .damaged(let record): throw damage("\(record.kind) \(record.key): \(record.reason)")
            }
        }
        let list = sessions.sorted { $0.key < $1.key }
        try add { text in
            text.append(",\n  \"Sustained\": [")
            for (index, session) in list.enumerated() {
                text.append(index == 0 ? "\n    {" : ",\n    {")
                text.field("\n      \"sid\": ", session.key)
                text.append(",\n      \"inodes\": [")
                for (index, inode) in session.value.sorted().enumerated() {
                    text.field(index == 0 ? "\n        " : ",\n        ", inode)
                }
                text.append("\n      ]\n    }")
            }
            text.append(list.isEmpty ? "]" : "\n  ]")
        }
    }

    private func addDeletedFiles(_ scanner: any MetadataScanner) throws {
        try add { $0.append(",\n  \"DelFiles\": [") }
        let cursor = try scanner.scanDeletedFiles()
        var isFirst = true
        while let scanned = try cursor.next() {
            switch scanned {
            case .damaged(let record): throw damage("\(record.kind) \(record.key): \(record.reason)")
            case .record(let file):
                try add { text in
                    text.append(isFirst ? "\n    {" : ",\n    {")
                    text.field("\n      \"inode\": ", file.inode.number)
                    text.field(",\n      \"length\": ", file.length)
                    text.field(",\n      \"expire\": ", file.deleted)
                    text.append("\n    }")
                }
                isFirst = false
            }
        }
        try add { $0.append(isFirst ? "]" : "\n  ]") }
    }

    private func addQuotas(_ scanner: any MetadataScanner, _ kind: QuotaKind, _ field: String) throws {
        var quotas: [String: Quota] = [:]
        let cursor = try scanner.scanQuotas(kind)
        while let scanned = try cursor.next() {
            switch scanned {
            case .record(let record):
                let quota = record.quota
                // What only counts usage is counted anew by whoever loads the dump.
                if kind != .directory, quota.maxSpace <= 0, quota.maxInodes <= 0 { continue }
                quotas[String(record.key)] = quota
            case .damaged(let record): throw damage("\(record.kind) \(record.key): \(record.reason)")
            }
        }
        guard !quotas.isEmpty else { return }
        try add { text in
            text.bytes += ",\n  \"\(field)\": {".utf8
            // Go's encoder sorts keys as text.
            for (index, item) in quotas.sorted(by: { $0.key < $1.key }).enumerated() {
                text.bytes += "\(index == 0 ? "" : ",")\n    \"\(item.key)\": {".utf8
                text.field("\n      \"maxSpace\": ", item.value.maxSpace)
                text.field(",\n      \"maxInodes\": ", item.value.maxInodes)
                text.append("\n    }")
            }
            text.append("\n  }")
        }
    }
}
