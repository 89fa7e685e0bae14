package support

import (
	"time"

	"supportbot/bot"
	"supportbot/store"
)

// conversationGap is how long after a direct message another one still belongs to the same ticket.
const conversationGap = 10 * time.Minute

// goesOn puts a direct message outside of any thread into the ticket of the one before it, if that is recent and
// still open.
func (h handler) goesOn(v *store.View, m bot.Message, thread *store.Thread) error {
	if !m.Direct || m.Thread != m.TS {
		return nil
	}
	near, err := v.LatestThread(m.Team, m.Channel, bot.FormatTS(m.At.Add(-conversationGap)), bot.FormatTS(m.At.Add(conversationGap)))
	if near == nil || err != nil {
		return err
	}
	before, err := v.Ticket(near.Ticket)
	if err == nil && (before == nil || !ended(before.State)) {
		thread.Ticket = near.Ticket
	}
	return err
}

// ended says whether a ticket in that state takes no further requests.
func ended(state string) bool {
	return state == store.TicketClosed || state == store.TicketWithdrawn
}
