// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import Testing

@Suite("Sizes, counts and durations")
struct UnitTests {
    @Test(
        "Sizes are read in powers of 1024",
        arguments: [
            ("0", 0), ("100", 100), ("4M", 4 << 20), ("1.5G", 3 << 29), ("64KiB", 65536), ("64k", 65536),
            ("1Ki", 1024),
            ("2kb", 2048), ("7B", 7), ("1T", 1 << 40), ("3P", 3 << 50), ("15E", 15 << 60), ("0.5K", 512),
            (".5K", 512),
            ("1.K", 1024), ("0.0001K", 0), ("18446744073709551615", UInt64.max), ("1.1T", 1_209_462_790_553),
        ] as [(String, UInt64)]
    )
    func parsesSizes(text: String, bytes: UInt64) throws {
        #expect(try parseBytes(text) == bytes)
    }

    @Test("A bare number has the unit that the flag says")
    func defaultUnit() throws {
        #expect(try parseBytes("100", defaultUnit: .mebi) == 100 << 20)
        #expect(try parseBytes("100K", defaultUnit: .mebi) == 100 << 10)
        #expect(try parseBytes("100B", defaultUnit: .mebi) == 100)
    }

    @Test(
        "What is no size is refused",
        arguments: [
            "", "M", "-1", "+1", "1.2.3", "1X", "1 K", "1Kix", "٣K", "16E", "18446744073709551616", "1e3",
            ".",
        ]
    )
    func refusesSizes(text: String) {
        #expect(throws: UnitError.self) { try parseBytes(text) }
    }

    @Test(
        "Sizes are shown with one digit behind the point",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1_048_575, "1.0 MiB"),
            (1_048_576, "1.0 MiB"), (5 << 30, "5.0 GiB"), (1 << 40, "1.0 TiB"), (Int64.max, "8.0 EiB"),
            (-1536, "-1.5 KiB"),
        ] as [(Int64, String)]
    )
    func formatsSizes(bytes: Int64, text: String) {
        #expect(formatBytes(bytes) == text)
    }

    @Test("The largest size is 16 EiB")
    func formatsLargest() {
        #expect(formatBytes(UInt64.max) == "16.0 EiB")
    }

    @Test("Counts have commas between groups of three digits")
    func formatsCounts() {
        #expect(
            [0, 999, 1000, 1_234_567, -12345].map { formatCount($0) } == [
                "0", "999", "1,000", "1,234,567", "-12,345",
            ]
        )
        #expect(formatCount(UInt64.max) == "18,446,744,073,709,551,615")
    }

    @Test(
        "Durations are read as seconds or with units",
        arguments: [
            ("90", .seconds(90)), ("0", .zero), ("1.5", .milliseconds(1500)), ("1h30m", .seconds(5400)),
            ("1.5s", .milliseconds(1500)), ("300ms", .milliseconds(300)), ("2d", .seconds(172_800)),
            ("2d12h", .seconds(216_000)), ("10us", .microseconds(10)), ("7ns", .nanoseconds(7)),
        ] as [(String, Duration)]
    )
    func parsesDurations(text: String, duration: Duration) throws {
        #expect(try parseDuration(text) == duration)
    }

    @Test(
        "What is no duration is refused",
        arguments: [
            "", "s", "-1s", "1h30", "1x", "1 s", "1..5s", "300y", "300000d", "9223372037", "h1", "1.5.5",
        ]
    )
    func refusesDurations(text: String) {
        #expect(throws: UnitError.self) { try parseDuration(text) }
    }

    @Test(
        "Durations are shown in the units that matter",
        arguments: [
            (.zero, "0s"), (.nanoseconds(12), "12ns"), (.microseconds(250), "250us"),
            (.milliseconds(300), "300ms"),
            (.milliseconds(1500), "1.5s"), (.seconds(59), "59s"), (.seconds(60), "1m"),
            (.seconds(5400), "1h30m"),
            (.seconds(183_601), "2d3h1s"), (.milliseconds(-1500), "-1.5s"),
        ] as [(Duration, String)]
    )
    func formatsDurations(duration: Duration, text: String) throws {
        #expect(formatDuration(duration) == text)
        if duration >= .zero { #expect(try parseDuration(text) == duration) }
    }

    @Test("Durations beyond 64-bit nanoseconds are clamped, not trapped on")
    func extremeDurations() {
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
        #expect(Duration.milliseconds(2500).inSeconds == 2.5)
    }

    @Test("Decimals have as many places as asked for")
    func decimals() {
        #expect(decimal(1.005, places: 2) == "1.00")
        #expect(decimal(2.5, places: 0) == "2")
        #expect(decimal(-0.126, places: 2) == "-0.13")
        #expect(decimal(1e300, places: 1).count == 303)
        #expect(decimal(.nan, places: 2) == "nan")
        #expect(decimal(-.infinity, places: 2) == "-inf")
    }
}

@Suite("Calendar")
struct CalendarTests {
    @Test(
        "Times are written as Go's RFC3339Nano and read back",
        arguments: [
            (0, 0, "1970-01-01T00:00:00Z"), (1_795_461_683, 466_761_163, "2026-11-23T19:21:23.466761163Z"),
            (951_782_400, 500_000_000, "2000-02-29T00:00:00.5Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
            (253_402_300_799, 1000, "9999-12-31T23:59:59.000001Z"),
        ] as [(Int64, UInt32, String)]
    )
    func writesAndReads(seconds: Int64, nanoseconds: UInt32, text: String) throws {
        let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        #expect(time.rfc3339 == text)
        #expect(try Timestamp(rfc3339: text) == time)
    }

    @Test("Offsets move the time, further digits are dropped")
    func offsets() throws {
        #expect(try Timestamp(rfc3339: "1970-01-01T08:00:00+08:00") == .epoch)
        #expect(try Timestamp(rfc3339: "1969-12-31t18:30:00-05:30") == .epoch)
        #expect(try Timestamp(rfc3339: "1970-01-01T00:00:00.1234567899z").nanoseconds == 123_456_789)
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "2026", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+0800", "20260101T000000Z", "１970-01-01T00:00:00Z",
        ]
    )
    func refuses(text: String) {
        #expect(throws: CodecError.self) { try Timestamp(rfc3339: text) }
    }

    @Test("Every day between 1890 and 2110 follows the one before")
    func everyDay() throws {
        var expected = CalendarFields(year: 1890, month: 1, day: 1, hour: 1, minute: 2, second: 3)
        var time = try #require(Timestamp(expected))
        while expected.year < 2110 {
            #expect(time.calendarFields == expected)
            #expect(Timestamp(expected) == time)
            time = time.advanced(bySeconds: 86400)
            expected.day += 1
            if Timestamp(expected) == nil { (expected.day, expected.month) = (1, expected.month + 1) }
            if expected.month > 12 { (expected.month, expected.year) = (1, expected.year + 1) }
        }
    }

    @Test("The ends of the range have a date and a local text")
    func extremes() {
        #expect(Timestamp(seconds: .max).calendarFields.year == 292_277_026_596)
        #expect(Timestamp(seconds: .min).calendarFields.month == 1)
        #expect(!Timestamp(seconds: .max).localText.isEmpty)
    }

    @Test("Local time has the shape of a date with a time of day")
    func localShape() {
        let shape = Timestamp(seconds: 1_795_461_683).localText.map { $0.isNumber ? "0" : String($0) }
            .joined()
        #expect(shape == "0000-00-00 00:00:00")
    }
}
