// SPDX-License-Identifier: Apache-2.0
// How a run of `sync` is shown: lines for people on stderr, JSON lines and dry-run plans on stdout.

import BucketSync
import ObjectStorage
import SluiceBase

/// Shows what a run tells while it goes on, and its end.
///
/// Called from several threads; a line is one write.
struct SyncPrinter: Sendable {
    private let isJSON: Bool
    private let isDry: Bool
    private let isQuiet: Bool
    private let isVerbose: Bool

    init(json: Bool, isDry: Bool, common: CommonOptions) {
        isJSON = json
        self.isDry = isDry
        isQuiet = common.quiet
        isVerbose = common.verbose
    }

    @Sendable func show(_ event: SyncEvent) {
        switch event {
        case .planned(let step): planned(step)
        case .ended(let step, let outcome): ended(step, outcome)
        case .warning(let key, let text):
            // Of every link and fifo of a tree only who asks wants to know; the summary has their number.
            guard isVerbose || key == nil else { return }
            Console.note("warning: \(key.map { "\($0): " } ?? "")\(terminalSafe(text))")
        }
    }

    private func planned(_ step: SyncStep) {
        guard isJSON else {
            let size = step.action == .copy ? " (\(formatBytes(step.bytes)))" : ""
            let first = step.linkedTo.map { " = \($0)" } ?? ""
            let name = step.key.isEmpty ? "./" : step.key.description
            return Console.out("\(step.action.rawValue) \(name)\(first)\(size)")
        }
        guard var object = step.json.objectValue else { return }
        object["type"] = "step"
        Console.out(JSONValue.object(object).line)
    }

    private func ended(_ step: SyncStep, _ outcome: StepOutcome) {
        if case .failed(let error) = outcome {
            Console.note("sluice: sync: \(terminalSafe(error.description))")
        } else if case .kept(let reason) = outcome {
            Console.note("warning: \(step.key) is kept: \(reason)")
        } else if isVerbose, !isJSON, !isQuiet {
            Console.note("\(step.action.rawValue) \(step.key)")
        }
        guard isJSON else { return }
        var object: JSONObject = ["type": "transfer", "action": JSONValue(step.action.rawValue)]
        object.set("path", step.key)
        if let size = step.source?.size ?? step.destination?.size { object["size_bytes"] = JSONValue(size) }
        let (name, reason): (String, String?) =
            switch outcome {
            case .verified, .unverified, .done: ("done", nil)
            case .equal: ("equal", nil)
            case .vanished: ("vanished", nil)
            case .kept(let reason): ("kept", reason)
            case .failed(let error): ("failed", error.description)
            }
        object["outcome"] = JSONValue(name)
        if outcome == .verified || outcome == .unverified {
            object["verified"] = JSONValue(outcome == .verified)
        }
        object["reason"] = reason.map { JSONValue($0) }
        Console.out(JSONValue.object(object).line)
    }

    /// The end of the run.
    func finish(_ report: SyncReport, _ options: SyncOptions, _ verdict: Verdict) {
        for line in SyncRendering.problems(of: report) { Console.note("sluice: sync: \(line)") }
        if !isQuiet { Console.note(SyncRendering.summary(report, options)) }
        if isJSON { Console.out(JSONValue.object(SyncRendering.json(report, verdict)).line) }
    }
}

enum SyncRendering {
    static func verdict(of report: SyncReport) -> Verdict {
        var verdict: Verdict = []
        if report.hasProblems { verdict.insert(.problems) }
        if report.isIncomplete { verdict.insert(.incomplete) }
        if report.isCancelled { verdict.insert(.cancelled) }
        if report.counts.unverified > 0 { verdict.insert(.unverified) }
        return verdict
    }

    static func progress(_ counts: SyncCounts) -> String {
        "copied \(counts.copied) (\(formatBytes(counts.copiedBytes))), skipped \(counts.skipped),"
            + " deleted \(counts.deleted), failed \(counts.failed)"
    }

    /// The line that JuiceFS ends with, and after it what JuiceFS does not tell.
    static func summary(_ report: SyncReport, _ options: SyncOptions) -> String {
        let counts = report.counts
        var parts = [
            "Found: \(counts.found)",
            "excluded: \(counts.excluded) (\(formatBytes(counts.excludedBytes)))",
            "skipped: \(counts.skipped) (\(formatBytes(counts.skippedBytes)))",
            "copied: \(counts.copied) (\(formatBytes(counts.copiedBytes)))",
            "extra: \(counts.extra) (\(formatBytes(counts.extraBytes)))",
        ]
        if options.verification == .full || options.comparison.content {
            parts.append("checked: \(counts.checked) (\(formatBytes(counts.checkedBytes)))")
        }
        if options.removal.extras || options.removal.sourceIfEqual || options.removal.sourceAfterCopy {
            parts.append("deleted: \(counts.deleted)")
        }
        if !report.isDry { parts.append("failed: \(counts.failed)") }
        let further: [(String, UInt64)] = [
            ("unverified", counts.unverified), ("vanished", counts.vanished),
            ("special files", counts.specials),
            ("broken links", counts.brokenLinks), ("changed and kept", counts.stale),
            ("links copied as files", counts.splitLinks),
        ]
        for (name, count) in further where count > 0 { parts.append("\(name): \(count)") }
        return parts.joined(separator: ", ")
    }

    /// What kept the run from looking everywhere or from doing everything, in sentences.
    static func problems(of report: SyncReport) -> [String] {
        var lines: [String] = []
        if case .failed(let error) = report.sourceListing {
            lines.append("the source could not be listed to its end: \(terminalSafe(error.description))")
        }
        if case .failed(let error) = report.destinationListing {
            lines.append("the destination could not be listed to its end: \(terminalSafe(error.description))")
        }
        switch report.removalHold {
        case .listingFailed: lines.append("nothing was deleted, because a listing is incomplete")
        case .emptySource:
            lines.append("nothing was deleted, because the source is empty (--allow-empty-source)")
        case .tooMany(let count, let allowed):
            lines.append("nothing was deleted: it would be \(count) objects, --max-delete allows \(allowed)")
        case .stopped: lines.append("nothing was deleted, because the run ended early")
        case nil: break
        }
        if report.reachedFailureLimit { lines.append("stopped after \(report.counts.failed) failures") }
        if report.counts.failed > 0 { lines.append("failed to handle \(report.counts.failed) objects") }
        return lines
    }

    static func json(_ report: SyncReport, _ verdict: Verdict) -> JSONObject {
        let counts = report.counts
        return [
            "type": "summary", "schema": 1, "exit_status": JSONValue(verdict.rawValue),
            "dry_run": JSONValue(report.isDry),
            "found_count": JSONValue(counts.found),
            "excluded_count": JSONValue(counts.excluded), "excluded_bytes": JSONValue(counts.excludedBytes),
            "skipped_count": JSONValue(counts.skipped), "skipped_bytes": JSONValue(counts.skippedBytes),
            "copied_count": JSONValue(counts.copied), "copied_bytes": JSONValue(counts.copiedBytes),
            "extra_count": JSONValue(counts.extra), "extra_bytes": JSONValue(counts.extraBytes),
            "checked_count": JSONValue(counts.checked), "checked_bytes": JSONValue(counts.checkedBytes),
            "deleted_count": JSONValue(counts.deleted), "failed_count": JSONValue(counts.failed),
            "verified_count": JSONValue(counts.verified), "unverified_count": JSONValue(counts.unverified),
            "vanished_count": JSONValue(counts.vanished), "special_count": JSONValue(counts.specials),
            "broken_link_count": JSONValue(counts.brokenLinks), "linked_count": JSONValue(counts.linked),
            "adjusted_count": JSONValue(counts.adjusted), "stale_count": JSONValue(counts.stale),
            "split_link_count": JSONValue(counts.splitLinks),
        ]
    }
}
