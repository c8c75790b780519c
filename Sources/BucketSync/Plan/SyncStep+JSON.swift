// SPDX-License-Identifier: Apache-2.0
// A step as one line of JSON and back. Keys that are no UTF-8 stand as a form for people and as base64.

import ObjectStorage
package import SluiceBase

extension SyncStep {
    /// The step as an object of one line (sluice-json(5)).
    package var json: JSONValue {
        var object: JSONObject = ["action": JSONValue(action.rawValue)]
        object.set("path", key)
        object["source"] = source.map(Self.json)
        object["destination"] = destination.map(Self.json)
        if let linkedTo { object.set("linked_to", linkedTo) }
        return .object(object)
    }

    /// Reads what `json` gave.
    /// - Throws: `CodecError` for anything else.
    package init(json: JSONValue) throws(CodecError) {
        guard let object = json.objectValue else { throw CodecError("sync step", "not an object") }
        guard let action = object["action"]?.stringValue.flatMap(Action.init(rawValue:)) else {
            throw CodecError("sync step", "the action is missing or unknown")
        }
        guard let key = try object.bytes("path") else { throw CodecError("sync step", "the key is missing") }
        self.init(
            action,
            key,
            source: try object["source"].map { value throws(CodecError) in try Self.info(value, key) },
            destination: try object["destination"].map { value throws(CodecError) in try Self.info(value, key)
            },
            linkedTo: try object.bytes("linked_to")
        )
    }

    private static func json(_ info: ObjectInfo) -> JSONValue {
        var object: JSONObject = [
            "kind": JSONValue(info.kind.name),
            "size_bytes": JSONValue(info.size),
            "modified_seconds": JSONValue(info.modified.seconds),
            "modified_nanoseconds": JSONValue(info.modified.nanoseconds),
        ]
        object["tag"] = info.tag.map { JSONValue($0) }
        guard let file = info.file else { return .object(object) }
        object["mode"] = JSONValue(file.mode)
        object["uid"] = JSONValue(file.uid)
        object["gid"] = JSONValue(file.gid)
        if let target = file.target { object.set("target", target) }
        if let link = file.linkIdentity {
            object["link_device"] = JSONValue(link.device)
            object["link_inode"] = JSONValue(link.inode)
        }
        if let special = file.special {
            object["special"] = JSONValue(special.kind.name)
            object["device"] = JSONValue(special.device)
        }
        return .object(object)
    }

    private static func info(_ value: JSONValue, _ key: ObjectKey) throws(CodecError) -> ObjectInfo {
        guard let object = value.objectValue,
            let kind = object["kind"]?.stringValue.flatMap(ObjectKind.init(name:)),
            let size = object["size_bytes"]?.uint64Value,
            let seconds = object["modified_seconds"]?.int64Value,
            let nanoseconds = object.unsigned("modified_nanoseconds", UInt32.self),
            nanoseconds < 1_000_000_000
        else { throw CodecError("sync step", "an object without kind, size or time") }
        var info = ObjectInfo(
            key: key,
            size: size,
            modified: Timestamp(seconds: seconds, nanoseconds: nanoseconds),
            kind: kind,
            tag: object["tag"]?.stringValue
        )
        guard let mode = object.unsigned("mode", UInt16.self), let uid = object.unsigned("uid", UInt32.self),
            let gid = object.unsigned("gid", UInt32.self)
        else { return info }
        var file = FileFacts(mode: mode, uid: uid, gid: gid, target: try object.bytes("target"))
        if let device = object["link_device"]?.uint64Value, let inode = object["link_inode"]?.uint64Value {
            file.linkIdentity = LinkIdentity(device: device, inode: inode)
        }
        if let name = object["special"]?.stringValue {
            guard let kind = SpecialFile.Kind(name: name), let device = object["device"]?.uint64Value else {
                throw CodecError("sync step", "a special file of an unknown kind")
            }
            file.special = SpecialFile(kind, device: device)
        }
        info.file = file
        return info
    }
}

extension JSONObject {
    fileprivate func unsigned<Number: FixedWidthInteger>(_ name: String, _: Number.Type) -> Number? {
        self[name]?.uint64Value.flatMap(Number.init(exactly:))
    }
}

extension ObjectKind {
    fileprivate var name: String {
        switch self {
        case .object: "object"
        case .directory: "directory"
        case .symlink: "symlink"
        case .commonPrefix: "prefix"
        case .special: "special"
        }
    }

    fileprivate init?(name: String) {
        let all: [ObjectKind] = [.object, .directory, .symlink, .commonPrefix, .special]
        guard let known = all.first(where: { $0.name == name }) else { return nil }
        self = known
    }
}

extension SpecialFile.Kind {
    fileprivate var name: String {
        switch self {
        case .fifo: "fifo"
        case .socket: "socket"
        case .characterDevice: "character-device"
        case .blockDevice: "block-device"
        }
    }

    fileprivate init?(name: String) {
        let all: [SpecialFile.Kind] = [.fifo, .socket, .characterDevice, .blockDevice]
        guard let known = all.first(where: { $0.name == name }) else { return nil }
        self = known
    }
}
