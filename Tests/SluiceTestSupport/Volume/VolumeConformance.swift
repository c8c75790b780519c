// SPDX-License-Identifier: Apache-2.0
// The rules of a volume, which hold on every engine. Each case gets a fresh volume, cites the section of
// metadata-format it checks, and ends with the invariants of a sound volume.

package import Metadata
import SluiceBase
import Testing
import VolumeModel

/// A fresh volume for one case.
struct VolumeBench {
    let volume: Volume
    let engine: any MetadataEngine
    let clock: TestClock

    static let alice = Caller(uid: 1000, gid: 1000)
    static let bob = Caller(uid: 1001, gid: 1001)

    /// Runs what is to be refused.
    func refusal(_ body: (Volume) throws -> Void) throws -> VolumeError.Code? {
        try SluiceTestSupport.refusal { try body(volume) }
    }

    /// Sets a file's length and charges it, as writes do.
    func setLength(of inode: Inode, to length: UInt64) throws {
        _ = try volume.perform { try $0.truncate(inode, to: length) }
    }

    /// The names in a directory.
    func names(in directory: Inode) throws -> [FileName] {
        try volume.readDirectory(directory, limit: 10_000).map(\.name)
    }

    /// The entries of this hour's trash.
    func trashed() throws -> [FileName] {
        try names(in: .trash).flatMap { try names(in: volume.lookup($0, in: .trash).inode) }
    }
}

/// One rule of a volume.
package struct VolumeCase: Sendable, CustomTestStringConvertible {
    package let testDescription: String
    private let settings: VolumeSettings
    private let body: @Sendable (VolumeBench) throws -> Void

    init(
        _ name: String,
        settings change: (inout VolumeSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (VolumeBench) throws -> Void,
    ) {
        testDescription = name
        var settings = VolumeSettings()
        change(&settings)
        self.settings = settings
        self.body = body
    }

    /// Checks this rule on an empty engine.
    package func check(_ engine: any MetadataEngine) throws {
        let clock = TestClock()
        let volume = try prepareVolume(on: engine, settings: settings, clock: clock)
        try body(VolumeBench(volume: volume, engine: engine, clock: clock))
        try checkInvariants(volume)
    }
}

/// The rules of a volume, for `@Test(arguments:)`.
package enum VolumeConformance {
    package static let cases: [VolumeCase] =
        nameCases + pathCases + linkCases + renameCases + trashCases + attributeCases + accessCases
        + usageCases + lockCases + dataCases + cloneCases + changeLogCases
}
