// SPDX-License-Identifier: Apache-2.0
import SluiceBase
import Testing
import VolumeModel

@Suite struct SettingsTests {
    /// `juicefs format sqlite3://… testvol --bucket /tmp/b`, JuiceFS 1.4.2, as stored.
    static let stored = """
        {
        "Name": "testvol",
        "UUID": "491b6c3c-d8a3-447b-8645-ff031608277e",
        "Storage": "file",
        "Tiers": {
        "0": {
        "ID": 0,
        "StorageClass": "",
        "Tag": ""
        }
        },
        "Bucket": "/tmp/b/",
        "BlockSize": 4096,
        "Compression": "none",
        "EncryptAlgo": "aes256gcm-rsa",
        "TrashDays": 1,
        "MetaVersion": 1,
        "MinClientVersion": "1.1.0-A",
        "DirStats": true,
        "EnableACL": false
        }
        """

    @Test func `fresh settings are written byte for byte as JuiceFS writes them`() {
        var settings = VolumeSettings()
        settings.name = "testvol"
        settings.uuid = "491b6c3c-d8a3-447b-8645-ff031608277e"
        settings.bucket = "/tmp/b/"
        #expect(String(decoding: settings.encoded, as: UTF8.self) == Self.stored)
    }

    @Test func `reading and writing changes nothing`() throws {
        let settings = try VolumeSettings(decoding: Array(Self.stored.utf8))
        #expect(String(decoding: settings.encoded, as: UTF8.self) == Self.stored)
    }

    @Test func `unknown fields and exact numbers survive`() throws {
        let text = #"{"Name":"abc","Capacity":18446744073709551615,"Later":{"x":[1,null]},"TrashDays":0}"#
        let settings = try VolumeSettings(decoding: Array(text.utf8))
        #expect(settings.capacity == .max)
        #expect(settings.json["Later"]?.compact == #"{"x":[1,null]}"#)
        #expect(settings.tiers == nil)
        #expect(!settings.dirStats)
    }

    @Test(arguments: [
        #"{"Name":1}"#, #"{"BlockSize":"x"}"#, #"{"Capacity":-1}"#, #"{"Tiers":{"a":{}}}"#, "[]", "{", "",
        #"{"DirStats":"yes"}"#, #"{"Shards":1e99}"#,
    ])
    func `settings of the wrong shape are refused`(text: String) {
        #expect(throws: CodecError.self) { try VolumeSettings(decoding: Array(text.utf8)) }
    }

    @Test func `secrets that JuiceFS sealed open`() throws {
        var settings = VolumeSettings()
        settings.uuid = "b8735186-e2b4-4bac-969a-c82fe92caef2"
        settings.secretKey = "KSgqTyk4TvsfKvHBfQXAuqZlI/ajBcLkoN4abDaYNE2PFcvH6BFEa7f1"
        settings.sessionToken = "gfVD/3Qo14zgohT5wm0qdKG+4eqe5KjBptbVVcSHBA=="
        settings.keyEncrypted = true
        let opened = try settings.opened()
        #expect(opened.secretKey == "SECRETVALUE123")
        #expect(opened.sessionToken == "TOK")
    }

    @Test(arguments: ["aes256gcm-rsa", "chacha20-rsa", "sm4gcm"])
    func `sealed secrets open again and only under their UUID`(algorithm: String) throws {
        var settings = VolumeSettings()
        settings.uuid = UUID.random()
        settings.encryptAlgorithm = algorithm
        settings.secretKey = "s3cret"
        let sealed = try settings.sealed()
        #expect(sealed.keyEncrypted)
        #expect(sealed.secretKey != "s3cret")
        #expect(sealed.sessionToken.isEmpty)
        #expect(try sealed.opened() == settings)
        var foreign = sealed
        foreign.uuid = UUID.random()
        #expect(throws: CryptoError.self) { try foreign.opened() }
        var damaged = sealed
        damaged.secretKey = "AAAA"
        #expect(throws: CryptoError.self) { try damaged.opened() }
    }

    @Test(arguments: [(-1, 0), (0, 0), (1, 86400), (Int64.max, Int64.max)])
    func `the days of the trash in seconds saturate`(days: Int64, seconds: Int64) {
        var settings = VolumeSettings()
        settings.trashDays = days
        #expect(settings.trashSeconds == seconds)
    }

    @Test func `shown settings hold no secret`() {
        var settings = VolumeSettings()
        settings.secretKey = "s3cret"
        settings.encryptKey = "PEM"
        #expect(settings.withoutSecrets.secretKey == "removed")
        #expect(settings.withoutSecrets.encryptKey == "removed")
        #expect(settings.withoutSecrets.sessionToken == "")
        #expect(settings.withoutSecrets.hasRemovedSecret)
    }

    @Test(arguments: [
        ("1.4.2+2026-10-26", "1.4.2", false), ("1.1.0-A", "1.1.0", true), ("1.1.0", "1.1.0-A", false),
        ("1.2.0-A", "1.2.0-B", true), ("1.10.0", "1.9.9", false), ("1", "1.0.1", true),
    ])
    func `versions compare by number, then by pre-release`(left: String, right: String, isLess: Bool) throws {
        #expect((try #require(ClientVersion(left)) < #require(ClientVersion(right))) == isLess)
    }

    @Test(arguments: ["", "x", "1.2.3.4", "1..2", "-1"])
    func `what is no version is none`(text: String) {
        #expect(ClientVersion(text) == nil)
    }

    @Test func `volumes of other versions say why they are refused`() {
        var settings = VolumeSettings()
        #expect(settings.incompatibility == nil)
        settings.metaVersion = 2
        #expect(settings.incompatibility?.contains("version 2") == true)
        settings.metaVersion = 1
        settings.minClientVersion = "1.5.0-A"
        #expect(settings.incompatibility?.contains("1.5.0-A") == true)
        settings.minClientVersion = "1.4.0-A"
        settings.maxClientVersion = "1.4.1"
        #expect(settings.incompatibility?.contains("1.4.1") == true)
    }

    @Test(arguments: ["abc", "a-b", "a1b2c3", String(repeating: "x", count: 63)])
    func `good volume names`(name: String) {
        #expect(VolumeSettings.isValidName(name))
    }

    @Test(arguments: ["", "ab", "-ab", "ab-", "Abc", "a_b", "a.b", String(repeating: "x", count: 64), "aéc"])
    func `bad volume names`(name: String) {
        #expect(!VolumeSettings.isValidName(name))
    }
}
