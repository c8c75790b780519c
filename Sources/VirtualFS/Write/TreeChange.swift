// SPDX-License-Identifier: Apache-2.0

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

/// One change of a tree, ready to be committed: data that it names are stored already.
struct TreeChange: Sendable {
    enum Deed: Sendable {
        /// A file in place of what has the name.
        case file([ChunkWrite])
        /// A directory, kept if there is one.
        case directory
        /// A link in place of what has the name.
        case symlink(ByteString)
        /// A fifo, socket or device in place of what has the name.
        case special(SpecialFile)
        /// A further name of the file that has these names.
        case link([FileName])
        /// Mode, owner and time of what is there.
        case facts
        /// All extended attributes of what is there.
        case attributes([ExtendedAttribute])
        /// Nothing under this name any more.
        case removal
    }

    var path: TreePath
    var deed: Deed
    var facts: FileFacts?
    var modified: Timestamp?

    /// Whether missing parents are made.
    var makesParents: Bool {
        switch deed {
        case .file, .directory, .symlink, .special, .link: true
        case .facts, .attributes, .removal: false
        }
    }
}
