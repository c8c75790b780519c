// SPDX-License-Identifier: Apache-2.0
// A saved plan is old: others have worked on the volume since. What it says is done only where a plan made
// now says the same, step by step with everything that was seen.

package import SluiceBase

/// A step by what it says, with its place in a plan.
private struct StepDigest: BitwiseCopyable, Comparable, Sendable {
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    var place: UInt64

    init(_ step: GarbageStep, place: UInt64) {
        let sum = Digest.sha256(Array(JSONValue.object(step.json).line.utf8))
        for byte in sum.prefix(8) { high = high << 8 | UInt64(byte) }
        for byte in sum[8..<16] { low = low << 8 | UInt64(byte) }
        self.place = place
    }

    func saysLess(than other: StepDigest) -> Bool { (high, low) < (other.high, other.low) }

    static func < (left: StepDigest, right: StepDigest) -> Bool {
        (left.high, left.low, left.place) < (right.high, right.low, right.place)
    }
}

/// The steps of a saved plan that a plan made now has too, in the order of the saved one.
///
/// Memory does not grow with the plans.
/// - Throws: what the plans throw.
package func approve(
    _ saved: GarbagePlan,
    against fresh: GarbagePlan,
    for uuid: String,
    created: Timestamp,
    spill: SpillSpace,
) throws -> GarbagePlan {
    let wanted = try digests(of: saved, spill)
    let known = try digests(of: fresh, spill)
    let places = spill.sorter(of: UInt64.self)
    try wanted.start()
    try known.start()
    while let want = wanted.head {
        while let have = known.head, have.saysLess(than: want) { try known.advance() }
        if let have = known.head, !want.saysLess(than: have) { try places.add(want.place) }
        try wanted.advance()
    }
    let approved = try places.finish()
    try approved.start()
    let plan = try GarbagePlan(for: uuid, created: created, at: nil, spill: spill)
    var place: UInt64 = 0
    try saved.forEachStep { step in
        defer { place += 1 }
        guard approved.head == place else { return }
        try approved.advance()
        try plan.add(step)
    }
    try plan.finish()
    return plan
}

private func digests(of plan: GarbagePlan, _ spill: SpillSpace) throws -> RecordStream<StepDigest> {
    let sorter = spill.sorter(of: StepDigest.self)
    var place: UInt64 = 0
    try plan.forEachStep { step in
        try sorter.add(StepDigest(step, place: place))
        place += 1
    }
    return try sorter.finish()
}
