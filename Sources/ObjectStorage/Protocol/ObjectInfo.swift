// SPDX-License-Identifier: Apache-2.0
// The values that travel through ObjectStore.

package import SluiceBase

/// What a listing or a HEAD tells of one object.
package struct ObjectInfo: Hashable, Sendable {
    package var key: ObjectKey
    /// Bytes.
    ///
    /// 0 for directories and common prefixes.
    package var size: UInt64
    /// Last change; `.epoch` where the store does not know.
    package var modified: Timestamp
    package var kind: ObjectKind
    /// The store's own tag of the content (ETag), nil where there is none.
    package var tag: String?
    package var storageClass: String?
    /// Owner, mode and links, where the store is a file system.
    package var file: FileFacts?

    package init(
        key: ObjectKey,
        size: UInt64,
        modified: Timestamp,
        kind: ObjectKind = .object,
        tag: String? = nil,
        storageClass: String? = nil,
        file: FileFacts? = nil,
    ) {
        self.key = key
        self.size = size
        self.modified = modified
        self.kind = kind
        self.tag = tag
        self.storageClass = storageClass
        self.file = file
    }
}

/// What a listed key stands for.
package enum ObjectKind: Sendable, Hashable {
    case object
    /// A directory of a file system, or an empty object whose key ends in `/`.
    case directory
    /// Listed as a link where the request asks not to follow links, and where a link leads nowhere or in a
    /// circle.
    case symlink
    /// Keys rolled up by the delimiter; the key ends with it.
    case commonPrefix
    /// Fifo, socket or device: never followed, never read.
    case special
}

/// What file systems know beyond size and time.
package struct FileFacts: Hashable, Sendable {
    /// Low 12 bits: permissions, set-uid, set-gid, sticky.
    package var mode: UInt16
    package var uid: UInt32
    package var gid: UInt32
    /// The text of a symbolic link, nil for everything else.
    package var target: ByteString?
    /// Identifies hard links of one file inside one store: equal values, same file.
    ///
    /// Nil when the file has one name.
    package var linkIdentity: LinkIdentity?
    /// What a key of kind `.special` stands for, nil for everything else.
    package var special: SpecialFile?

    package init(
        mode: UInt16,
        uid: UInt32,
        gid: UInt32,
        target: ByteString? = nil,
        linkIdentity: LinkIdentity? = nil,
        special: SpecialFile? = nil,
    ) {
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.target = target
        self.linkIdentity = linkIdentity
        self.special = special
    }
}

/// A file that is no bytes: what mknod needs to make it again.
package struct SpecialFile: Hashable, Sendable {
    package enum Kind: Sendable, Hashable {
        case fifo
        case socket
        case characterDevice
        case blockDevice
    }

    package var kind: Kind
    /// The device number as the kernel encodes it (`st_rdev`); 0 for fifos and sockets.
    package var device: UInt64

    package init(_ kind: Kind, device: UInt64 = 0) {
        self.kind = kind
        self.device = device
    }
}

/// Device and inode of a file with several names.
package struct LinkIdentity: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// A run of bytes of an object: from `offset` on, `length` bytes or to the end.
package struct ByteRange: Hashable, Sendable {
    package var offset: UInt64
    /// Nil means to the end.
    package var length: UInt64?
    /// The tag that the object must still have, where the store can hold a read to it; nil takes any.
    package var tag: String?

    package init(offset: UInt64, length: UInt64?, tag: String? = nil) {
        self.offset = offset
        self.length = length
        self.tag = tag
    }

    package static let whole = ByteRange(offset: 0, length: nil)
    package var isWhole: Bool { offset == 0 && length == nil }
}

/// What a store is asked to remember beside the bytes.
package struct PutOptions: Hashable, Sendable {
    package var storageClass: String?
    package var contentType: String?
    /// `k=v`, one pair (data-format §1.6).
    package var tag: String?
    package var userMetadata: [String: String]
    /// Sets the time of last change, where the store is a file system.
    package var modified: Timestamp?
    /// Sets mode and owner, where the store is a file system.
    package var file: FileFacts?
    /// Whether the receipt should carry a checksum, where the store has to compute it for that.
    package var wantsChecksum: Bool

    package init(
        storageClass: String? = nil,
        contentType: String? = nil,
        tag: String? = nil,
        userMetadata: [String: String] = [:],
        modified: Timestamp? = nil,
        file: FileFacts? = nil,
        wantsChecksum: Bool = true,
    ) {
        self.wantsChecksum = wantsChecksum
        self.storageClass = storageClass
        self.contentType = contentType
        self.tag = tag
        self.userMetadata = userMetadata
        self.modified = modified
        self.file = file
    }
}

/// What a store answers to a put.
package struct PutReceipt: Hashable, Sendable {
    /// Bytes stored, as the store counts them.
    package var size: UInt64
    package var tag: String?
    /// CRC-32C of the stored bytes, where the store computed it itself, or proved by another checksum that it
    /// has the bytes with this one.
    package var crc32c: UInt32?

    package init(size: UInt64, tag: String? = nil, crc32c: UInt32? = nil) {
        self.size = size
        self.tag = tag
        self.crc32c = crc32c
    }
}

/// What a store can take.
package struct StorageLimits: Hashable, Sendable {
    /// Largest object of one put, in bytes.
    package var maximumObjectSize: UInt64
    /// Nil: no multipart uploads.
    package var multipart: MultipartLimits?
    package var canCopy: Bool
    /// Whether it keeps mode, owner, links and times of files.
    package var isFileSystem: Bool
    /// Whether keys have to be UTF-8, of 1024 bytes at most; others are `.invalidKey`.
    package var keysAreUTF8: Bool
    /// Objects that one request removes.
    package var deletionBatch: Int

    package init(
        maximumObjectSize: UInt64 = .max,
        multipart: MultipartLimits? = nil,
        canCopy: Bool = false,
        isFileSystem: Bool = false,
        keysAreUTF8: Bool = false,
        deletionBatch: Int = 1,
    ) {
        self.deletionBatch = deletionBatch
        self.keysAreUTF8 = keysAreUTF8
        self.maximumObjectSize = maximumObjectSize
        self.multipart = multipart
        self.canCopy = canCopy
        self.isFileSystem = isFileSystem
    }
}

/// Bounds of the parts of a multipart upload.
package struct MultipartLimits: Hashable, Sendable {
    /// Bytes; the last part may be shorter.
    package var minimumPartSize: UInt64
    package var maximumPartSize: UInt64
    package var maximumPartCount: Int
    /// Larger objects are put in parts, because a whole one is in memory while it is sent.
    package var wholeLimit: UInt64

    package init(
        minimumPartSize: UInt64,
        maximumPartSize: UInt64,
        maximumPartCount: Int,
        wholeLimit: UInt64 = 16 << 20,
    ) {
        self.wholeLimit = wholeLimit
        self.minimumPartSize = minimumPartSize
        self.maximumPartSize = maximumPartSize
        self.maximumPartCount = maximumPartCount
    }
}
