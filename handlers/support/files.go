package support

import (
	"cmp"
	"slices"

	"supportbot/store"
)

// mergeFiles returns the files of a newer version of a message with what is known of them: their content, and that
// one is gone, which is final.
func mergeFiles(known, newer []store.File) []store.File {
	merged := slices.Clone(newer)
	for i := range merged {
		f := &merged[i]
		k := slices.IndexFunc(known, func(k store.File) bool { return k.ID == f.ID })
		switch {
		case k < 0:
		case f.Gone || known[k].Gone:
			*f = store.File{ID: f.ID, Name: cmp.Or(known[k].Name, f.Name), Gone: true}
		default:
			f.State, f.Text, f.Key = known[k].State, known[k].Text, known[k].Key
		}
	}
	return merged
}
