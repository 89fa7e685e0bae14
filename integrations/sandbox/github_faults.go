package sandbox

import "time"

// What goes wrong at GitHub beside the calls that Faults meets.

// Revoke makes GitHub refuse every credential of the bot with 401.
func (g *GitHub) Revoke() { g.change(func() { g.closed = true }) }

// RemoveRepository makes the repository answer 404, as if it were deleted or hidden from the bot.
func (g *GitHub) RemoveRepository() { g.change(func() { g.gone = true }) }

// Archive makes the repository read-only: writes answer 403.
func (g *GitHub) Archive() { g.change(func() { g.repo.Archived = true }) }

// DisableIssues turns the repository's issues off: they answer 410.
func (g *GitHub) DisableIssues() { g.change(func() { g.repo.HasIssues = false }) }

// DropPush takes the bot's push access away, so that its labels are dropped silently.
func (g *GitHub) DropPush() { g.change(func() { g.repo.CanPush = false }) }

// GrantPush gives the bot push access.
func (g *GitHub) GrantPush() { g.change(func() { g.repo.CanPush = true }) }

// Restore undoes Revoke, RemoveRepository, Archive and DisableIssues.
func (g *GitHub) Restore() {
	g.change(func() { g.closed, g.gone, g.repo.Archived, g.repo.HasIssues = false, false, false, true })
}

// Rename gives the repository a new name, without its owner. The old name answers 301 to reads and 307 to
// writes, with the place by the repository's id.
func (g *GitHub) Rename(to string) {
	g.change(func() {
		g.former = append(g.former, g.repo.FullName())
		g.repo.Name = to
	})
}

// HoldContent makes GitHub refuse creations by its secondary limit for d, beginning with the next.
func (g *GitHub) HoldContent(d time.Duration) {
	g.change(func() { g.limits.contentHold = hold{until: g.clock.Now().Add(d)} })
}

// ExhaustQuota uses up the primary limit of all accounts, from now on for an hour.
func (g *GitHub) ExhaustQuota() {
	g.change(func() {
		for _, a := range g.accounts {
			g.limits.quota(a.ID, g.clock.Now()).used = primaryPerHour
		}
	})
}
