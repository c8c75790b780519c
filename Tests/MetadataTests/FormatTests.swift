// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Formatting and opening volumes")
struct FormatTests {
    @Test("A new volume has the records of metadata-format §1 and nothing else")
    func format() throws {
        let sample = try SampleVolume()
        let time = sample.clock.now()
        let root = Attributes(
            type: .directory,
            mode: 0o777,
            time: time,
            linkCount: 2,
            length: 4096,
            parent: .root
        )
        var trash = root
        trash.mode = 0o555
        #expect(sample.records.nodes == [.root: root, .trash: trash])
        #expect(
            sample.records.counters == [
                "nextInode": 2, "nextChunk": 1, "nextSession": 0, "usedSpace": 0, "totalInodes": 0,
                "nextCleanupSlices": 0,
            ]
        )
        #expect(sample.records.setting == SampleVolume.settings.encoded)
        #expect(sample.records.directoryStats == [.root: DirectoryStat()])
        #expect(try Volume.open(engine: sample.engine).settings == sample.volume.settings)
    }

    @Test("Without trash there is no trash directory until it is turned on")
    func trash() throws {
        let sample = try SampleVolume { $0.trashDays = 0 }
        #expect(sample.records.nodes.keys.sorted() == [.root])
        try sample.volume.updateSettings { $0.trashDays = 1 }
        #expect(sample.records.nodes[.trash]?.mode == 0o555)
        #expect(sample.volume.settings.trashDays == 1)
    }

    @Test("A volume is never made over another one")
    func existing() throws {
        let sample = try SampleVolume()
        let before = sample.records.setting
        let error = #expect(throws: EngineError.self) {
            try Volume.format(engine: sample.engine, settings: SampleVolume.settings)
        }
        #expect(error?.code == .exists)
        #expect(sample.records.setting == before)
    }

    @Test(
        "Settings that no volume can have are refused before anything is written",
        arguments: [
            { $0.name = "No" }, { $0.uuid = "" }, { $0.blockSizeKiB = 1 }, { $0.trashDays = -1 },
            { $0.minClientVersion = "x" }, { $0.metaVersion = 2 },
        ] as [@Sendable (inout VolumeSettings) -> Void]
    )
    func invalidSettings(damage: @Sendable (inout VolumeSettings) -> Void) throws {
        var settings = SampleVolume.settings
        damage(&settings)
        let engine = MemoryEngine()
        #expect(throws: VolumeError.self) { try Volume.format(engine: engine, settings: settings) }
        #expect(try !engine.isFormatted())
    }

    @Test("Secrets are stored sealed and survive changes of other fields")
    func secrets() throws {
        let sample = try SampleVolume { $0.secretKey = "SECRETVALUE123" }
        #expect(sample.volume.settings.keyEncrypted)
        #expect(sample.volume.settings.secretKey != "SECRETVALUE123")
        try sample.volume.updateSettings { $0.sessionToken = "TOK" }
        let opened = try Volume.open(engine: sample.engine).settings.opened()
        #expect(opened.secretKey == "SECRETVALUE123")
        #expect(opened.sessionToken == "TOK")
    }

    @Test(
        "Fields that fix where objects lie may only change by force",
        arguments: [
            { $0.name = "other" }, { $0.blockSizeKiB = 1024 }, { $0.compression = "lz4" }, { $0.shards = 4 },
            { $0.hashPrefix = true },
        ] as [@Sendable (inout VolumeSettings) -> Void]
    )
    func fixedFields(change: @Sendable (inout VolumeSettings) -> Void) throws {
        let sample = try SampleVolume()
        let before = sample.records.setting
        let error = #expect(throws: VolumeError.self) { try sample.volume.updateSettings { change(&$0) } }
        #expect(error?.code == .invalid)
        #expect(sample.records.setting == before)
        try sample.volume.updateSettings(force: true) { change(&$0) }
        #expect(sample.records.setting == sample.volume.settings.encoded)
        #expect(sample.records.setting != before)
    }

    @Test("The UUID stays, whatever new settings say")
    func uuid() throws {
        let sample = try SampleVolume()
        try sample.volume.updateSettings { settings in
            settings.uuid = "00000000-0000-4000-8000-000000000000"
            settings.capacity = 1 << 40
        }
        #expect(sample.volume.settings.uuid == SampleVolume.settings.uuid)
        #expect(sample.volume.settings.capacity == 1 << 40)
    }

    @Test("Counting that is turned on starts without what was counted before")
    func staleUsage() throws {
        let sample = try SampleVolume { $0.dirStats = false }
        sample.engine.edit { records in
            records.directoryStats[.root] = DirectoryStat(usedSpace: 1)
            for (index, kind) in QuotaKind.allCases.enumerated() {
                records.quotas[QuotaKey(kind: kind, key: UInt64(index + 1))] = Quota(
                    maxSpace: 1,
                    maxInodes: 1
                )
            }
        }
        try sample.volume.updateSettings { $0.capacity = 1 << 40 }
        #expect(sample.records.directoryStats.count == 1)
        try sample.volume.updateSettings { ($0.dirStats, $0.userGroupQuota) = (true, true) }
        #expect(sample.records.directoryStats.isEmpty)
        #expect(sample.records.quotas.keys.map(\.kind) == [.directory])
        sample.engine.edit { $0.directoryStats[.root] = DirectoryStat(usedSpace: 1) }
        try sample.volume.updateSettings { $0.dirStats = false }
        #expect(sample.records.directoryStats.count == 1)
    }

    @Test("Features raise the least client version and never lower it")
    func versions() throws {
        let sample = try SampleVolume()
        #expect(sample.volume.settings.minClientVersion == "1.1.0-A")
        try sample.volume.updateSettings { $0.userGroupQuota = true }
        #expect(sample.volume.settings.minClientVersion == "1.1.0-A")
        try sample.volume.updateSettings { $0.tiers?[1] = StorageTier(storageClass: "STANDARD_IA") }
        #expect(sample.volume.settings.minClientVersion == "1.4.0-A")
        try sample.volume.updateSettings { $0.enableACL = true }
        #expect(sample.volume.settings.minClientVersion == "1.4.0-A")
        #expect(try SampleVolume { $0.enableACL = true }.volume.settings.minClientVersion == "1.2.0-A")
        #expect(throws: VolumeError.self) { try sample.volume.updateSettings { $0.enableACL = false } }
    }

    @Test("The change log gets an age when it is first turned on")
    func changeLog() throws {
        let sample = try SampleVolume()
        try sample.volume.updateSettings { $0.changeLog = true }
        #expect(sample.volume.settings.changeLogMaxAge == 7200)
        try sample.volume.updateSettings { $0.changeLogMaxAge = 0 }
        #expect(sample.volume.settings.changeLogMaxAge == 0)
    }

    @Test(
        "What is no volume, damaged, newer or not for this version is not opened",
        arguments: [
            ("[]", true, EngineError.Code.corrupt), (#"{"Name":"a","MetaVersion":2}"#, false, .incompatible),
            (#"{"Name":"a","MinClientVersion":"1.5.0-A"}"#, true, .incompatible),
            (#"{"Name":"a","MaxClientVersion":"1.4.1"}"#, true, .incompatible),
        ]
    )
    func opening(setting: String, checkVersion: Bool, code: EngineError.Code) throws {
        let engine = MemoryEngine()
        let none = #expect(throws: EngineError.self) { try Volume.open(engine: engine) }
        #expect(none?.code == .notAVolume)
        engine.edit { $0.setting = Array(setting.utf8) }
        let error = #expect(throws: EngineError.self) {
            try Volume.open(engine: engine, checkVersion: checkVersion)
        }
        #expect(error?.code == code)
    }

    @Test("Version bounds are not looked at when that is asked for")
    func uncheckedVersion() throws {
        let engine = MemoryEngine()
        engine.edit { $0.setting = Array(#"{"Name":"a","MinClientVersion":"1.5.0-A"}"#.utf8) }
        #expect(try Volume.open(engine: engine, checkVersion: false).settings.name == "a")
    }
}
