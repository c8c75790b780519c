// SPDX-License-Identifier: Apache-2.0
// Secrets are stored sealed under a key that everybody who knows the UUID has: it keeps them out of casual
// sight, no more (metadata-format §1, JuiceFS 1.4.2).

package import SluiceBase

extension VolumeSettings {
    /// What a dump leaves in place of a secret it did not keep.
    package static let removedSecret = "removed"

    static var secrets: [WritableKeyPath<VolumeSettings, String>] {
        [\.encryptKey, \.secretKey, \.sessionToken]
    }

    /// Whether a dump took the secrets away, so that they must be given anew.
    package var hasRemovedSecret: Bool {
        Self.secrets.contains { self[keyPath: $0] == Self.removedSecret }
    }

    /// The settings with their secrets in clear.
    /// - Throws: `CryptoError` when a secret does not open under this UUID.
    package func opened() throws(CryptoError) -> VolumeSettings {
        guard keyEncrypted else { return self }
        var opened = self
        let cipher = try sealingCipher()
        for secret in Self.secrets {
            let sealed = self[keyPath: secret]
            guard !sealed.isEmpty, sealed != Self.removedSecret else { continue }
            opened[keyPath: secret] = try Self.open(sealed, with: cipher)
        }
        opened.keyEncrypted = false
        return opened
    }

    /// The settings with their secrets sealed; unchanged when there is none.
    package func sealed() throws(CryptoError) -> VolumeSettings {
        guard !keyEncrypted, Self.secrets.contains(where: { !self[keyPath: $0].isEmpty }) else { return self }
        var sealed = self
        let cipher = try sealingCipher()
        for secret in Self.secrets {
            let clear = self[keyPath: secret]
            guard !clear.isEmpty, clear != Self.removedSecret else { continue }
            let nonce = randomBytes(CipherSuite.nonceLength)
            sealed[keyPath: secret] = Base64.encode(
                nonce + (try cipher.seal(Array(clear.utf8), nonce: nonce))
            )
        }
        sealed.keyEncrypted = true
        return sealed
    }

    private func sealingCipher() throws(CryptoError) -> AuthenticatedCipher {
        let identity = Array(uuid.utf8)
        guard encryptAlgorithm == "sm4gcm" else {
            return try AuthenticatedCipher(.aes128GCM, key: Digest.md5(identity))
        }
        // One round of the SM3 key derivation: the counter 1 behind the secret, 16 bytes of the result.
        return try AuthenticatedCipher(
            .sm4GCM,
            key: Array(try Digest.sm3(identity + [0, 0, 0, 1]).prefix(16))
        )
    }

    private static func open(_ sealed: String, with cipher: AuthenticatedCipher) throws(CryptoError) -> String
    {
        let bytes: [UInt8]
        do throws(CodecError) {
            bytes = try Base64.decode(sealed)
        } catch {
            throw CryptoError(.notAuthentic, "open a secret of the settings", reason: error.description)
        }
        guard bytes.count > CipherSuite.nonceLength else {
            throw CryptoError(
                .notAuthentic,
                "open a secret of the settings",
                reason: "only \(bytes.count) bytes"
            )
        }
        let clear = try cipher.open(
            Array(bytes.dropFirst(CipherSuite.nonceLength)),
            nonce: Array(bytes.prefix(CipherSuite.nonceLength))
        )
        guard let text = String(validating: clear, as: UTF8.self) else {
            throw CryptoError(.notAuthentic, "open a secret of the settings", reason: "not text")
        }
        return text
    }
}
