// SPDX-License-Identifier: Apache-2.0

package import Metadata
import SluiceBase
package import VolumeModel

/// Writes a snapshot as JSON, as JuiceFS 1.4.2 lays it out, with a footer behind it (metadata-format §6.1).
///
/// - Parameters:
///   - settings: as they are stored.
///   - progress: is told of nodes that were read.
/// - Throws: `MaintenanceError.incomplete` for a record that cannot be dumped, naming it; what the engine or
///   the output throws. The output is worthless then.
package func dumpJSON(
    scanner: any MetadataScanner,
    settings: VolumeSettings,
    options: DumpOptions,
    to output: any DumpOutput,
    progress: @escaping (UInt64) -> Void = { _ in },
) throws -> DumpSummary {
    var settings = settings
    if !options.keepsSecrets { settings.removeSecretsForDump() }
    let root = try options.subdirectory.map { try directory(at: $0, scanner) } ?? .root
    let isWhole = options.subdirectory == nil && !options.skipsTrash
    var builder = try DumpTreeBuilder(
        scanner,
        options,
        tops: isWhole ? [root, .trash] : [root],
        progress: progress
    )
    let tree = try builder.build()
    let writer = DumpWriter(output)
    try writer.addHead(scanner, settings, isWhole: options.subdirectory == nil)
    var emission = DumpEmission(tree, writer, options.cancellation)
    try emission.write(root, as: "FSTree")
    // A volume that never had a trash has no such node.
    if isWhole, tree.tops[.trash] != nil { try emission.write(.trash, as: "Trash") }
    var summary = emission.summary
    if isWhole { summary.unreachable = emission.unvisited }
    try writer.addFooter(summary)
    summary.bytes = writer.written
    return summary
}

extension VolumeSettings {
    /// Takes away what JuiceFS takes away; the key that encrypts objects stays, sealed.
    fileprivate mutating func removeSecretsForDump() {
        if !secretKey.isEmpty { secretKey = Self.removedSecret }
        if !sessionToken.isEmpty { sessionToken = Self.removedSecret }
    }
}

extension DumpWriter {
    /// Ends the document with what proves that it is whole: counts, and SHA-256 of all bytes before the
    /// field's opening quote.
    fileprivate func addFooter(_ summary: DumpSummary) throws {
        try add { $0.append(",\n  ") }
        let digest = try digest()
        try add { text in
            text.append("\"Footer\": {\"version\":1")
            text.field(",\"entries\":", summary.entries)
            text.field(",\"chunks\":", summary.chunks)
            text.field(",\"slices\":", summary.slices)
            text.bytes += ",\"sha256\":\"\(digest)\"}\n}\n".utf8
        }
        try flush()
    }
}

/// Finds a directory by its path.
private func directory(at path: ByteString, _ reader: any MetadataReader) throws -> Inode {
    var inode = Inode.root
    for name in path.bytes.split(separator: UInt8(ascii: "/")) {
        guard let entry = try reader.entry(named: FileName(name), in: inode) else {
            throw MaintenanceError(.failed, "dump", reason: "there is no directory \(path)")
        }
        guard entry.type == .directory else {
            throw MaintenanceError(.failed, "dump", reason: "\(path) is not a directory")
        }
        inode = entry.inode
    }
    return inode
}
