// Holds signed tree heads and an export of the log against the implementation of Go's checksum database
// (golang.org/x/mod/sumdb): the notes' signatures, the roots over the leaf hashes, an inclusion proof of every record
// in every head, and a consistency proof between each two heads. It shares no code with the service.
//
//	treeheads KEYFILE HEADS EXPORT
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}

func must[T any](value T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return value
}

// The hashes of a tree, in the order in which tlog wants them stored.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d is not there", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

func leafHashes(path string) []tlog.Hash {
	file := must(os.Open(path))
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<21)
	var leaves []tlog.Hash
	for lines.Scan() {
		var record struct {
			LeafHash string `json:"leaf_hash"`
		}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			fail("line %d: %v", len(leaves)+1, err)
		}
		var leaf tlog.Hash
		if copy(leaf[:], must(hex.DecodeString(record.LeafHash))) != tlog.HashSize {
			fail("line %d: no leaf hash", len(leaves)+1)
		}
		leaves = append(leaves, leaf)
	}
	return leaves
}

// The notes of a file: text, an empty line, signature lines; then an empty line again.
func notes(text string) []string {
	var found []string
	var current strings.Builder
	signed := false
	for _, line := range strings.SplitAfter(text, "\n") {
		isSignature := strings.HasPrefix(line, "\u2014 ")
		if signed && !isSignature {
			found = append(found, current.String())
			current.Reset()
			signed = false
			if line == "\n" {
				continue
			}
		}
		current.WriteString(line)
		signed = signed || isSignature
	}
	return found
}

func main() {
	if len(os.Args) != 4 {
		fail("treeheads KEYFILE HEADS EXPORT")
	}
	verifier := must(note.NewVerifier(strings.TrimSpace(string(must(os.ReadFile(os.Args[1]))))))
	leaves := leafHashes(os.Args[3])
	var stored hashes
	for n, leaf := range leaves {
		stored = append(stored, must(tlog.StoredHashesForRecordHash(int64(n), leaf, stored))...)
	}
	var heads []tlog.Tree
	for _, signed := range notes(string(must(os.ReadFile(os.Args[2])))) {
		opened := must(note.Open([]byte(signed), note.VerifierList(verifier)))
		lines := strings.Split(opened.Text, "\n")
		size := must(strconv.ParseInt(lines[1], 10, 64))
		var root tlog.Hash
		copy(root[:], must(base64.StdEncoding.DecodeString(lines[2])))
		if lines[0] != verifier.Name() || size > int64(len(leaves)) {
			fail("a head of %s at %d does not belong to this export", lines[0], size)
		}
		if computed := must(tlog.TreeHash(size, stored)); computed != root {
			fail("the head at %d has root %v, the export %v", size, root, computed)
		}
		heads = append(heads, tlog.Tree{N: size, Hash: root})
	}
	if len(heads) == 0 {
		fail("there is no tree head in %s", os.Args[2])
	}
	proofs := 0
	for _, head := range heads {
		for n := int64(0); n < head.N && n < 1000; n++ {
			proof := must(tlog.ProveRecord(head.N, n, stored))
			if err := tlog.CheckRecord(proof, head.N, head.Hash, n, leaves[n]); err != nil {
				fail("record %d is not in the head at %d: %v", n, head.N, err)
			}
			proofs++
		}
		for _, older := range heads {
			if older.N == 0 || older.N > head.N {
				continue
			}
			proof := must(tlog.ProveTree(head.N, older.N, stored))
			if err := tlog.CheckTree(proof, head.N, head.Hash, older.N, older.Hash); err != nil {
				fail("the heads at %d and %d contradict each other: %v", older.N, head.N, err)
			}
			proofs++
		}
	}
	fmt.Printf("%d heads, %d leaves, %d proofs hold\n", len(heads), len(leaves), proofs)
}
