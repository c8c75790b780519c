// SPDX-License-Identifier: Apache-2.0
// The volumes of Tests/Fixtures/data, unpacked for one test.

import Glibc
import Metadata
package import MetadataSQL
package import SluiceBase
package import VolumeModel

/// A fixture volume in a folder of its own, which goes with this object.
package final class FixtureVolume {
    package let engine: SQLEngine
    /// As stored, with the bucket where the volume lies now.
    package let settings: VolumeSettings
    /// SHA-256 in hexadecimal by path, as the makers of the fixture recorded it.
    package let digests: [ByteString: String]
    private let folder: ByteString

    /// - Parameter name: the folder in the archive, `vol-lz4`.
    package init(_ name: String) throws {
        folder = try Posix.makeTemporaryDirectory(prefix: "sluice-fixture-")
        let archive =
            #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
            .joined(separator: "/") + "/Fixtures/data/volumes.tar.gz"
        guard unsafe system("tar -xzf '\(archive)' -C '\(folder)' '\(name)'") == 0 else {
            throw MissingFixture(name: name)
        }
        let volume = "\(folder)/\(name)"
        engine = try openSQLite(address: "sqlite3://\(volume)/meta.db")
        guard let stored = try engine.read({ try $0.setting() }) else { throw MissingFixture(name: name) }
        var settings = try VolumeSettings(decoding: stored)
        settings.bucket = settings.shards > 1 ? "\(volume)/bucket%d/" : "\(volume)/bucket/"
        self.settings = settings
        let lines = try Posix.readWholeFile(ByteString("\(volume)/sha256sums.txt"), limit: 1 << 16)
            .split(separator: UInt8(ascii: "\n"))
        var digests: [ByteString: String] = [:]
        for line in lines {
            // `<digest>  ./<path>`
            digests[ByteString(line.dropFirst(68))] = String(decoding: line.prefix(64), as: UTF8.self)
        }
        self.digests = digests
    }

    deinit {
        engine.close()
        // A folder that cannot be removed stays in the temporary directory.
        do { try Posix.removeTree(folder) } catch {}
    }
}
