// SPDX-License-Identifier: Apache-2.0

package import VolumeModel

extension MetadataReader {
    /// Counts what the direct children of a directory add up to, a thousand at a time (metadata-format §5.8).
    ///
    /// An entry whose node is gone counts nothing, as in JuiceFS, which lists entries together with their
    /// nodes.
    package func directoryStatFromEntries(of directory: Inode) throws -> DirectoryStat {
        var sum = DirectoryStat()
        var last: FileName?
        while true {
            let page = try entries(of: directory, after: last, limit: 1000)
            guard let end = page.last else { return sum }
            for attributes in try nodes(page.map(\.inode)).compactMap(\.self) {
                let length = attributes.type == .file ? Int64(clamping: attributes.length) : 0
                sum =
                    sum + DirectoryStat(dataLength: length, usedSpace: attributes.usedSpace, usedInodes: 1)
            }
            last = end.name
        }
    }
}
