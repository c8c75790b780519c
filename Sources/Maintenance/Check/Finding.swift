// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
package import SluiceBase
package import VolumeModel

/// One thing that is wrong, with everything needed to look at it and to repair it.
package struct Finding: Hashable, Sendable {
    package var code: FindingCode
    package var severity: Severity
    package var inode: Inode?
    /// Of an entry: the directory it is in.
    package var parent: Inode?
    /// Of an entry: its name.
    package var name: FileName?
    package var sliceID: UInt64?
    package var objectKey: ObjectKey?
    /// How many things the finding stands for; 1 unless it sums up.
    package var count: UInt64 = 1
    /// Bytes concerned, 0 where that means nothing.
    package var bytes: UInt64 = 0
    /// Every path that leads to the file or files concerned, up to `PathFinder.pathLimit`.
    package var paths: [ByteString] = []
    /// What was found and what was expected, as a phrase.
    package var detail: String
    /// What a repair will do.
    package var fix: Fix
    /// Whether it could not be told apart from a healthy state: counted as unverified instead of as a
    /// problem.
    package var isUnverified = false

    package init(_ code: FindingCode, _ detail: String, fix: Fix = .none) {
        self.code = code
        severity = code.severity
        self.detail = detail
        self.fix = fix
    }

    func with(_ change: (inout Finding) -> Void) -> Finding {
        var copy = self
        change(&copy)
        return copy
    }
}

extension Finding {
    /// One JSON line: fields that say nothing are left out.
    package var json: JSONValue {
        var object = JSONObject()
        object["code"] = JSONValue(code.rawValue)
        object["severity"] = JSONValue(severity.rawValue)
        if let inode { object["inode"] = JSONValue(inode.number) }
        if let parent { object["parent"] = JSONValue(parent.number) }
        if let name { object.set("name", name) }
        if let sliceID { object["slice"] = JSONValue(sliceID) }
        if let objectKey { object.set("object", objectKey) }
        if count != 1 { object["count"] = JSONValue(count) }
        if bytes != 0 { object["bytes"] = JSONValue(bytes) }
        if !paths.isEmpty { object.set("paths", paths) }
        object["detail"] = JSONValue(detail)
        if isUnverified { object["unverified"] = true }
        object["fix"] = fix.json
        return .object(object)
    }
}
