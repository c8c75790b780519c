// SPDX-License-Identifier: Apache-2.0

package import Metadata
import SluiceBase
import Testing
import VolumeModel

/// Random operations on a volume and on the model of a tree, compared after each one.
package struct TreeModelRun {
    private let volume: Volume
    private let clock: TestClock
    private var model: TreeModel
    private var random: SeededRandom
    /// The volume's numbers of the model's nodes.
    private var inodes: [Inode] = [.root]

    /// - Parameter seed: also decides whether the volume has a trash.
    package init(on engine: any MetadataEngine, random: SeededRandom) throws {
        self.random = random
        let hasTrash = random.seed % 2 == 0
        var settings = VolumeSettings()
        settings.trashDays = hasTrash ? 1 : 0
        clock = TestClock()
        volume = try prepareVolume(on: engine, settings: settings, clock: clock)
        model = TreeModel(hasTrash: hasTrash)
    }

    /// Does that many steps, and checks the volume's invariants at the end.
    package mutating func run(steps: Int) throws {
        for number in 1...steps {
            let step = randomStep()
            let expected = model.apply(step)
            let actual = try refusal { try apply(step) }
            try #require(actual == expected, "step \(number), \(step), seed \(random.seed)")
            try #require(try compare(0), "after step \(number), \(step), seed \(random.seed)")
            if number % 50 == 0 { try volume.flushUsage() }
        }
        try checkInvariants(volume)
    }

    private mutating func randomStep() -> TreeStep {
        let reachable = model.reachable
        let directories = reachable.filter { model.nodes[$0].type == .directory }
        let directory = directories.randomElement(using: &random) ?? 0
        let node = reachable.randomElement(using: &random) ?? 0
        let mode = UInt16.random(in: 0...0o777, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<3: return .makeDirectory(directory, randomName(), mode)
        case 3..<6: return .createFile(directory, randomName(), mode)
        case 6: return .makeSymlink(directory, randomName(), randomName())
        case 7..<9: return .link(node, directory, randomName())
        case 9..<11: return .unlink(directory, randomName(in: directory))
        case 11..<13: return .removeDirectory(directory, randomName(in: directory))
        case 13..<19:
            let other = directories.randomElement(using: &random) ?? 0
            let choices: [RenameFlags] = [[], [], .noReplace, .exchange]
            let flags = choices.randomElement(using: &random) ?? []
            let (name, newName) = (randomName(in: directory), randomName(in: other))
            return .rename(directory, name, other, newName, flags)
        default: return .chmod(node, mode)
        }
    }

    private mutating func randomName() -> FileName {
        FileName(["a", "b", "c", "d", "e"].randomElement(using: &random) ?? "a")
    }

    /// Mostly a name that is there.
    private mutating func randomName(in directory: Int) -> FileName {
        let names = model.nodes[directory].children.keys.sorted()
        guard Int.random(in: 0..<4, using: &random) > 0, let name = names.randomElement(using: &random) else {
            return randomName()
        }
        return name
    }

    /// Does a step on the volume and notes the number of a new node.
    private mutating func apply(_ step: TreeStep) throws {
        switch step {
        case .makeDirectory(let parent, let name, let mode):
            inodes.append(try volume.makeDirectory(name, in: inodes[parent], mode: mode).inode)
        case .createFile(let parent, let name, let mode):
            inodes.append(try volume.createFile(name, in: inodes[parent], mode: mode).inode)
        case .makeSymlink(let parent, let name, let target):
            inodes.append(try volume.makeSymlink(name, in: inodes[parent], target: target).inode)
        case .link(let node, let parent, let name):
            try volume.link(inodes[node], to: name, in: inodes[parent])
        case .unlink(let parent, let name): try volume.unlink(name, in: inodes[parent])
        case .removeDirectory(let parent, let name): try volume.removeDirectory(name, in: inodes[parent])
        case .rename(let parent, let name, let newParent, let newName, let flags):
            try volume.rename(name, in: inodes[parent], to: newName, in: inodes[newParent], flags: flags)
        case .chmod(let node, let mode):
            try volume.setAttributes(of: inodes[node], AttributeChange(mode: mode))
        }
    }

    /// Whether a node of the volume and everything below it is as the model has it.
    private func compare(_ number: Int) throws -> Bool {
        let expected = model.nodes[number]
        let node = try volume.attributes(of: inodes[number])
        guard node.type == expected.type, node.mode == expected.mode else { return false }
        switch node.type {
        case .directory:
            let items = try volume.readDirectory(inodes[number], limit: 1000)
            let children = expected.children.mapValues { inodes[$0] }
            guard Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.inode) }) == children else {
                return false
            }
            let directories = expected.children.values.filter { model.nodes[$0].type == .directory }
            guard Int(node.linkCount) == 2 + directories.count else { return false }
            return try expected.children.values.allSatisfy { try compare($0) }
        case .symlink where try volume.readLink(inodes[number]) != expected.target: return false
        default: return Int(node.linkCount) == expected.links
        }
    }
}
