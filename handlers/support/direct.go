package support

import (
	"time"

	"supportbot/bot"
	"supportbot/store"
)

// conversationGap is how long after a direct message another one still belongs to the same ticket.
const conversationGap = 10 * time.Minute

// goesOn puts a direct message into the ticket of the one before it, if that is recent and was not closed: who took back what
// they wrote may say it in other words. One that answers another which we have not heard yet belongs to the time of that one.
func (h handler) goesOn(v *store.View, m bot.Message, thread *store.Thread) error {
	if !m.Direct {
		return nil
	}
	began, err := bot.ParseTS(m.Thread)
	if err != nil {
		began = m.At
	}
	near, err := v.LatestThread(m.Team, m.Channel, bot.FormatTS(began.Add(-conversationGap)), bot.FormatTS(began.Add(conversationGap)))
	if near == nil || err != nil {
		return err
	}
	before, err := v.Ticket(near.Ticket)
	if err == nil && (before == nil || before.State != store.TicketClosed) {
		thread.Ticket = near.Ticket
	}
	return err
}
