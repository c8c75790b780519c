// SPDX-License-Identifier: Apache-2.0
// Secrets must not reach screens, logs, process titles or error texts. In doubt this hides too much: a
// password may hold any character, also '@', '/' and ':', so everything up to the last '@' may be one.

/// An address without its secrets: `redis://user:****@host`, `s3://KEY:****@bucket.host`,
/// `postgres://host/db?password=****`.
///
/// An address without secrets stays as it is.
///
/// What lies between the first colon behind the scheme and the last `@` is taken for a password, as JuiceFS
/// 1.4.2 does.
package func redactedAddress(_ address: String) -> String {
    var head = ""
    var rest = address.utf8[...]
    if let scheme = schemeEnd(of: address) {
        head = String(decoding: address.utf8[..<scheme], as: UTF8.self)
        rest = address.utf8[scheme...]
    } else if let first = rest.first, first == UInt8(ascii: "/") || first == UInt8(ascii: ".") {
        return address
    }
    if let at = rest.lastIndex(of: UInt8(ascii: "@")),
        let colon = rest[..<at].firstIndex(of: UInt8(ascii: ":"))
    {
        head += String(decoding: rest[..<colon], as: UTF8.self) + ":****"
        rest = rest[at...]
    }
    // A value may hold the colon and the @ itself, so the parameters are looked for in the whole address.
    return redactedParameters(head + String(decoding: rest, as: UTF8.self))
}

/// The index behind `://`.
private func schemeEnd(of address: String) -> String.Index? {
    let bytes = address.utf8
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let mark = bytes[colon...].prefix(3)
    return mark.elementsEqual("://".utf8) ? mark.endIndex : nil
}

/// Hides the values of query parameters whose names tell of a secret.
private func redactedParameters(_ text: String) -> String {
    guard let question = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return text }
    let query = text[text.utf8.index(after: question)...]
    let parameters = query.split(separator: "&", omittingEmptySubsequences: false).map { parameter in
        guard let equals = parameter.firstIndex(of: "="), isSecretName(parameter[..<equals]) else {
            return String(parameter)
        }
        return parameter[...equals] + "****"
    }
    return text[...question] + parameters.joined(separator: "&")
}

/// Whether a parameter or variable of this name holds a secret.
package func isSecretName(_ name: some StringProtocol) -> Bool {
    let lower = name.lowercased()
    let secretParts = [
        "pass", "pwd", "secret", "token", "signature", "credential", "accesskey", "access-key", "access_key",
    ]
    return lower == "sig" || lower == "auth" || secretParts.contains { lower.contains($0) }
}

extension StringProtocol {
    /// Whether `part` occurs, by bytes.
    fileprivate func contains(_ part: String) -> Bool {
        let (text, wanted) = (Array(utf8), Array(part.utf8))
        guard text.count >= wanted.count else { return false }
        return (0...text.count - wanted.count).contains { text[$0...].starts(with: wanted) }
    }
}
