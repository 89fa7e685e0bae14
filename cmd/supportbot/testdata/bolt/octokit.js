// GitHub by its own client for JavaScript, as a team would call it.
const { GITHUB_URL, GITHUB_TOKEN, REPOSITORY } = process.env;
const [owner, repo] = REPOSITORY.split('/');

const client = import('@octokit/rest').then(({ Octokit }) => new Octokit({ auth: GITHUB_TOKEN, baseUrl: GITHUB_URL.replace(/\/$/, '') }));

exports.createIssue = async function createIssue(title, body) {
  const octokit = await client;
  const { data } = await octokit.rest.issues.create({ owner, repo, title, body, labels: ['support', 'medium:slack', 'turn:team'] });
  return data;
};
