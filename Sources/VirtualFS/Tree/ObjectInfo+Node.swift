// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase
import VolumeModel

extension ObjectInfo {
    /// What a node looks like as an object.
    /// - Parameter target: the text of the link by which the node was reached, if any.
    init(key: ObjectKey, inode: Inode, _ attributes: Attributes, target: ByteString? = nil) {
        let hasNames = attributes.type != .directory && attributes.linkCount > 1
        let facts = FileFacts(
            mode: attributes.mode,
            uid: attributes.uid,
            gid: attributes.gid,
            target: target,
            linkIdentity: hasNames ? LinkIdentity(device: 0, inode: inode.number) : nil,
            special: SpecialFile(attributes)
        )
        self.init(
            key: key,
            size: attributes.type == .file || attributes.type == .symlink ? attributes.length : 0,
            modified: attributes.modifyTime,
            kind: ObjectKind(attributes.type),
            file: facts
        )
    }
}

extension ObjectKind {
    /// A type that nobody knows is nothing that could be read.
    init(_ type: FileType) {
        switch type {
        case .file: self = .object
        case .directory: self = .directory
        case .symlink: self = .symlink
        default: self = .special
        }
    }
}

extension SpecialFile {
    /// Nil for files, directories and links.
    init?(_ attributes: Attributes) {
        switch attributes.type {
        case .fifo: self.init(.fifo)
        case .socket: self.init(.socket)
        case .blockDevice: self.init(.blockDevice, device: UInt64(attributes.device))
        case .characterDevice: self.init(.characterDevice, device: UInt64(attributes.device))
        default: return nil
        }
    }
}
