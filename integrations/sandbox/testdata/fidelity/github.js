// A user of GitHub's official packages, as their documentation has it. It prints a line for each thing that it has
// done, as "what {JSON}"; the Go test knows the lines, and moves the stand-in's clock when a limit is met.
const { GITHUB_URL, GITHUB_TOKEN, REPOSITORY } = process.env;
const [owner, repo] = REPOSITORY.split('/');
const here = { owner, repo };

const tell = (what, details = {}) => process.stdout.write(`${what} ${JSON.stringify(details)}\n`);

// refusal awaits a call that must fail.
async function refusal(call) {
  try {
    await call;
  } catch ({ name, status, response }) {
    const { message, errors, documentation_url: page } = response.data || {};
    return { name, status, message, errors, page };
  }
  throw new Error('it was not refused');
}

async function main() {
  const { Octokit } = await import('@octokit/rest');
  const { throttling } = await import('@octokit/plugin-throttling');

  const again = (limit) => (seconds, { method, url }, _, retries) => {
    tell(limit, { method, url, seconds: seconds >= 1 && seconds <= 5, retries });
    return retries < 1;
  };
  const client = (baseUrl, auth = GITHUB_TOKEN) => new (Octokit.plugin(throttling))({
    auth,
    baseUrl,
    throttle: { onRateLimit: again('primary limit'), onSecondaryRateLimit: again('secondary limit') },
  });
  const address = GITHUB_URL.replace(/\/$/, '');
  const octokit = client(address);
  const { issues } = octokit.rest;

  const user = await octokit.rest.users.getAuthenticated();
  tell('user', { login: user.data.login, remaining: user.headers['x-ratelimit-remaining'] });

  for (const [name, base] of [['plain', octokit], ['enterprise', client(`${GITHUB_URL}api/v3`)]]) {
    const sizes = [];
    const seen = [];
    const query = { ...here, state: 'all', per_page: 10, sort: 'created', direction: 'asc' };
    for await (const { data } of base.paginate.iterator(base.rest.issues.listForRepo, query)) {
      sizes.push(data.length);
      seen.push(...data.map((issue) => issue.number));
    }
    tell('pages', { name, sizes, inOrder: seen.every((number, n) => number === n + 1) });
  }
  const titles = await octokit.paginate(issues.listForRepo, { ...here, labels: 'support' }, ({ data }, done) => {
    done();
    return data.map((issue) => issue.title);
  });
  tell('first page only', { titles: titles.length });

  const { data: made, headers, status } = await issues.create({ ...here, title: 'from octokit', body: 'line\n\n日本語 <b>', labels: ['support'] });
  const issue = { ...here, issue_number: made.number };
  const read = await issues.get(issue);
  tell('created', {
    status,
    location: headers.location === made.url,
    body: read.data.body,
    labels: read.data.labels.map((label) => label.name),
    author: read.data.user.login,
  });
  await issues.addLabels({ ...issue, labels: ['turn:team', 'odd/name'] });
  await issues.removeLabel({ ...issue, name: 'odd/name' });
  const closed = await issues.update({ ...issue, state: 'closed', state_reason: 'not_planned' });
  const reopened = await issues.update({ ...issue, state: 'open' });
  const events = await octokit.paginate(issues.listEvents, { ...issue, per_page: 1 });
  tell('changed', {
    closed: closed.data.state_reason,
    reopened: reopened.data.state_reason,
    labels: reopened.data.labels.map((label) => label.name),
    events: events.map(({ event }) => event),
  });

  const comment = await issues.createComment({ ...issue, body: 'one' });
  await issues.updateComment({ ...here, comment_id: comment.data.id, body: 'two' });
  const comments = await octokit.paginate(issues.listComments, issue);
  const gone = await issues.deleteComment({ ...here, comment_id: comment.data.id });
  tell('comments', { bodies: comments.map(({ body }) => body), deleted: gone.status });

  tell('refusals', {
    unchanged: await refusal(issues.get({ ...issue, headers: { 'if-none-match': (await issues.get(issue)).headers.etag } })),
    missing: await refusal(issues.get({ ...here, issue_number: 9999 })),
    invalid: await refusal(issues.create({ ...here, title: '' })),
    stranger: await refusal(client(address, 'wrong').rest.users.getAuthenticated()),
  });

  tell('before the secondary limit');
  await step();
  await issues.createComment({ ...issue, body: 'held' });
  tell('after the secondary limit', { comments: (await issues.listComments(issue)).data.length });

  tell('before a fault');
  await step();
  await issues.createComment({ ...issue, body: 'refused once' });
  tell('after a fault', { comments: (await issues.listComments(issue)).data.length });

  tell('before the primary limit');
  await step();
  const after = await issues.get(issue);
  tell('after the primary limit', { used: after.headers['x-ratelimit-used'] });

  tell('before the new name');
  await step();
  const moved = await issues.get(issue);
  tell('renamed', { read: moved.data.number === issue.issue_number, redirected: moved.url.includes('/repositories/') });
}

// step waits until the test has done its part, which it says with a line.
const step = () => new Promise((resolve) => process.stdin.once('data', resolve));

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
