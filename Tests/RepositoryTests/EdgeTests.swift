// SPDX-License-Identifier: Apache-2.0
// Who may import whom. The table is the design's; Package.swift and the import lines of the sources must
// agree with it. A new edge is added here, in the open, or not at all.

import Testing

@Suite("Dependencies between targets")
struct EdgeTests {
    /// What each target may depend on; everything else is an error.
    private static let allowed: [String: Set<String>] = [
        "SluiceBase": ["CLinux", "CCrypto"],
        "VolumeModel": ["SluiceBase"],
        "ObjectStorage": ["SluiceBase"],
        "CCurl": ["CLinux"],
        "CLibpq": ["CLinux"],
        "CLibssh": ["CLinux"],
        "ObjectDrivers": ["ObjectStorage", "SluiceBase", "CCurl", "CLibssh", "CXML2"],
        "Metadata": ["SluiceBase", "VolumeModel"],
        "MetadataSQL": ["Metadata", "VolumeModel", "SluiceBase", "CSQLite", "CLibpq"],
        "MetadataRedis": ["Metadata", "VolumeModel", "SluiceBase", "CHiredis", "CSSL"],
        "DatabaseObjects": ["MetadataSQL", "MetadataRedis", "Metadata", "ObjectStorage", "SluiceBase"],
        "BlockStore": ["ObjectStorage", "VolumeModel", "SluiceBase", "CLZ4", "CZlib", "CZstd"],
        "VirtualFS": ["Metadata", "BlockStore", "ObjectStorage", "VolumeModel", "SluiceBase"],
        "Maintenance": ["Metadata", "BlockStore", "ObjectStorage", "VolumeModel", "SluiceBase"],
        "BucketSync": ["ObjectStorage", "SluiceBase"],
        "TerminalUI": ["SluiceBase"],
        "sluice": [
            "BlockStore", "BucketSync", "DatabaseObjects", "Maintenance", "Metadata", "MetadataRedis",
            "MetadataSQL", "ObjectDrivers", "ObjectStorage", "SluiceBase",
            "TerminalUI", "VirtualFS", "VolumeModel", "ArgumentParser",
        ],
    ]

    /// Parts of the toolchain and the C library that any target may import.
    private static let ground: Set<String> = ["Glibc", "Synchronization"]

    private static let systemLibraries: Set<String> = [
        "CSQLite", "CLibpq", "CHiredis", "CLZ4", "CZlib", "CZstd", "CCurl", "CLibssh", "CXML2", "CCrypto",
        "CSSL",
    ]

    @Test("Package.swift declares exactly the edges of the table")
    func declaredEdges() throws {
        let declared = try PackageManifest(Repository.file("Package.swift"))
        let libraries = declared.targets.filter { Self.allowed[$0.key] != nil }
        #expect(libraries == Self.allowed)
        let known = Set(Self.allowed.keys).union(["SluiceTestSupport", "FuzzDecoders", "sluice-fuzz"])
        let unknown = declared.targets.keys.filter { !known.contains($0) && !$0.hasSuffix("Tests") }
        #expect(unknown.sorted() == [])
    }

    @Test("Each system library belongs to exactly one target")
    func systemLibraryOwners() throws {
        let declared = try PackageManifest(Repository.file("Package.swift"))
        for library in Self.systemLibraries {
            let owners = declared.targets.filter { $0.value.contains(library) }.keys.sorted()
            #expect(owners.count == 1, "\(library) is a dependency of \(owners)")
        }
    }

    @Test("Tests reach the product through its targets, never through the command or a C library")
    func testEdges() throws {
        let declared = try PackageManifest(Repository.file("Package.swift"))
        let forbidden = Self.systemLibraries.union(["CLinux", "sluice", "ArgumentParser"])
        for (target, dependencies) in declared.targets
        where target.contains("Test") || target.lowercased().contains("fuzz") {
            #expect(dependencies.intersection(forbidden) == [], "\(target)")
        }
    }

    @Test("Every import in Sources is an edge of the table")
    func importedEdges() throws {
        for file in try Repository.files(in: "Sources", suffix: ".swift") {
            let target = String(file.path.split(separator: "/")[1])
            let edges = try #require(Self.allowed[target], "\(file.path): the table has no target \(target)")
            let unexpected = Set(imports(of: file)).subtracting(edges).subtracting(Self.ground)
            #expect(unexpected == [], "\(file.path)")
        }
    }

    @Test("Foundation is imported nowhere, full or essential")
    func foundation() throws {
        for folder in ["Sources", "Tests"] {
            for file in try Repository.files(in: folder, suffix: ".swift") {
                let found = imports(of: file).filter { $0.hasPrefix("Foundation") }
                #expect(found == [], "\(file.path)")
            }
        }
    }

    private func imports(of file: RepositoryFile) -> [String] {
        SwiftText(file.bytes).lines.compactMap { line in
            let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard let keyword = words.firstIndex(of: "import"), let name = words.last, keyword < 3,
                words[..<keyword].allSatisfy({ $0.hasPrefix("@") || Self.accessLevels.contains($0) })
            else { return nil }
            return name.split(separator: ".").first.map(String.init)
        }
    }

    private static let accessLevels: Set<String> = [
        "private", "fileprivate", "internal", "package", "public",
    ]
}
