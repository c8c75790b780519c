// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import Synchronization
import Testing

@Suite("Log")
struct LogTests {
    @Test("Messages of the level and above reach the sink, others are not even made")
    func levels() {
        let entries = Mutex<[String]>([])
        let log = Log(level: .warning) { entry in
            entries.withLock { $0.append("\(entry.level.name): \(entry.text)") }
        }
        func expensive() -> String {
            Issue.record("made a message that nobody wants")
            return ""
        }
        log.info(expensive(), [LogField("a", expensive())])
        log.debug(expensive())
        log.warning("slow", [LogField("seconds", 5)])
        log.error("gone")
        Log.silent.warning(expensive())
        #expect(entries.withLock { $0 } == ["warning: slow seconds=5", "error: gone"])
    }

    @Test("Levels have names")
    func names() {
        #expect(LogLevel.allCases.map { LogLevel(name: $0.name) } == LogLevel.allCases)
        #expect(LogLevel(name: "WARN") == .warning)
        #expect(LogLevel(name: "loud") == nil)
        #expect(LogLevel.debug < .info)
    }

    @Test("An entry is one line whatever it holds, values with blanks are quoted")
    func text() {
        let entry = LogEntryProbe.entry(
            "a\nb",
            [
                LogField("key", "x y"), LogField("q", "say \"hi\""), LogField("e", ""),
                LogField("n", "\u{1B}[2J"),
            ]
        )
        #expect(entry?.text == #"a\nb key="x y" q="say \"hi\"" e="" n=\u{1b}[2J"#)
    }

    @Test(
        "Text for a terminal cannot move its cursor or turn its direction",
        arguments: [
            ("plain é 😀", "plain é 😀"), ("a\u{1B}[31mb", #"a\u{1b}[31mb"#), ("\r\n\t", #"\r\n\t"#),
            ("\u{7F}\u{9B}", #"\u{7f}\u{9b}"#),
            ("x\u{202E}y", #"x\u{202e}y"#), ("\u{2028}", #"\u{2028}"#),
        ]
    )
    func safeText(text: String, safe: String) {
        #expect(terminalSafe(text) == safe)
    }

    @Test(
        "Addresses are shown without their secrets",
        arguments: [
            ("redis://user:pw@host:6379/1", "redis://user:****@host:6379/1"),
            ("redis://:p@ss/w:rd@host/1", "redis://:****@host/1"),
            ("redis://host:6379/1", "redis://host:6379/1"),
            ("mysql://root:pw@(127.0.0.1:3306)/db", "mysql://root:****@(127.0.0.1:3306)/db"),
            ("s3://AK:SK:TOKEN@bucket.host", "s3://AK:****@bucket.host"),
            ("sftp://user@host/path", "sftp://user@host/path"),
            (
                "postgres://host/db?sslmode=require&password=x&a=b",
                "postgres://host/db?sslmode=require&password=****&a=b"
            ),
            (
                "https://h/k?X-Amz-Signature=abc&sig=1&prefix=s",
                "https://h/k?X-Amz-Signature=****&sig=****&prefix=s"
            ),
            ("user:pw@host:6379", "user:****@host:6379"), ("/data/a:b@c", "/data/a:b@c"),
            ("sqlite3:///tmp/v.db", "sqlite3:///tmp/v.db"),
            ("redis://u:p%40@h?Sentinel-Password=q", "redis://u:****@h?Sentinel-Password=****"), ("", ""),
            ("://", "://"), (":@", ":****@"),
            ("postgres://host/db?password=se:cr@et", "postgres://host/db?password=****"),
        ]
    )
    func redaction(address: String, shown: String) {
        #expect(redactedAddress(address) == shown)
    }
}

/// Makes an entry the only way there is: through a log.
private enum LogEntryProbe {
    static func entry(_ message: String, _ fields: [LogField]) -> LogEntry? {
        let taken = Mutex<LogEntry?>(nil)
        Log(level: .trace) { entry in taken.withLock { $0 = entry } }.log(.info, message, fields)
        return taken.withLock { $0 }
    }
}
