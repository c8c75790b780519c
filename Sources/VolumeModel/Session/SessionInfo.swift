// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// What a client tells about itself when it registers (metadata-format §7, JuiceFS 1.4.2).
package struct SessionInfo: Hashable, Sendable {
    package var version: String
    package var hostName: String
    package var addresses: [String]
    package var mountPoint: String
    /// RFC 3339, kept as written.
    package var mountTime: String
    package var processID: Int64

    package init(
        version: String,
        hostName: String,
        addresses: [String],
        mountPoint: String,
        mountTime: String,
        processID: Int64,
    ) {
        self.version = version
        self.hostName = hostName
        self.addresses = addresses
        self.mountPoint = mountPoint
        self.mountTime = mountTime
        self.processID = processID
    }

    /// Reads a stored record; missing fields are empty.
    /// - Throws: `CodecError` when it is not a JSON object.
    package init(decoding bytes: [UInt8]) throws(CodecError) {
        guard let object = try JSONValue.parse(bytes).objectValue else {
            throw CodecError("session info", "not a JSON object")
        }
        self.init(
            version: object["Version"]?.stringValue ?? "",
            hostName: object["HostName"]?.stringValue ?? "",
            addresses: object["IPAddrs"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            mountPoint: object["MountPoint"]?.stringValue ?? "",
            mountTime: object["MountTime"]?.stringValue ?? "",
            processID: object["ProcessID"]?.int64Value ?? 0
        )
    }

    /// The fields in their stored order; addresses are left out when there are none.
    package var json: JSONObject {
        var object = JSONObject([("Version", .string(version)), ("HostName", .string(hostName))])
        if !addresses.isEmpty { object["IPAddrs"] = .array(addresses.map { .string($0) }) }
        object["MountPoint"] = .string(mountPoint)
        object["MountTime"] = .string(mountTime)
        object["ProcessID"] = JSONValue(processID)
        return object
    }

    package var encoded: [UInt8] {
        Array(JSONValue.object(json).compactEscapingHTML.utf8)
    }
}
