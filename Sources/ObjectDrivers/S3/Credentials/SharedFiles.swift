// SPDX-License-Identifier: Apache-2.0
// The files that AWS's clients share: ~/.aws/credentials with [NAME] sections and ~/.aws/config with
// [profile NAME] sections.

import ObjectStorage
import SluiceBase

/// Sections with their settings, as far as these files use INI syntax.
package struct SharedFile: Hashable, Sendable {
    package private(set) var sections: [String: [String: String]] = [:]

    /// Reads a file; lines that mean nothing are passed over, as AWS's clients do.
    package init(_ content: [UInt8]) {
        var section: String?
        for line in content.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let text = String(decoding: line, as: UTF8.self)
            // An indented line belongs to a nested setting, none of which concerns us.
            guard let first = text.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            if first == "[" {
                let words = text.dropFirst().prefix { $0 != "]" }.split(whereSeparator: \.isWhitespace)
                section = words.joined(separator: " ")
                continue
            }
            guard let section, let equals = text.firstIndex(of: "=") else { continue }
            let name = trimmed(text[..<equals]).lowercased()
            sections[section, default: [:]][name] = trimmed(text[text.index(after: equals)...])
        }
    }

    private func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// The settings of a profile, as either file writes its heading.
    package func profile(_ name: String) -> [String: String] {
        (sections[name] ?? [:]).merging(sections["profile \(name)"] ?? [:]) { $1 }
    }
}

/// The profile that the environment chooses.
struct SharedProfile: CredentialSource {
    let environment: Environment
    private static let sizeLimit = 1 << 20

    /// Settings of both files, those of the credentials file first.
    var settings: [String: String] {
        let home = environment("HOME") ?? ""
        let credentials = environment("AWS_SHARED_CREDENTIALS_FILE") ?? "\(home)/.aws/credentials"
        let config = environment("AWS_CONFIG_FILE") ?? "\(home)/.aws/config"
        let name = environment("AWS_PROFILE") ?? "default"
        return read(credentials, name).merging(read(config, name)) { first, _ in first }
    }

    private func read(_ path: String, _ profile: String) -> [String: String] {
        // A file that cannot be read has no keys for us; the request will say that keys are wanting.
        guard let content = try? Posix.readWholeFile(ByteString(path), limit: Self.sizeLimit) else {
            return [:]
        }
        return SharedFile(content).profile(profile)
    }

    func credentials() -> S3Credentials? {
        let settings = settings
        guard let key = settings["aws_access_key_id"], !key.isEmpty,
            let secret = settings["aws_secret_access_key"], !secret.isEmpty
        else { return nil }
        return S3Credentials(accessKey: key, secretKey: secret, sessionToken: settings["aws_session_token"])
    }
}
