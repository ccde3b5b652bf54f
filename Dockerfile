# One image for web, worker, clock and the one-shot that migrates; docker-compose.yml says which. No secret goes in.
# The target `models` is the same with torch and its kin, for workers of local models.
FROM python:3.12.8-slim-bookworm AS packages
COPY requirements/base.txt /requirements.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /requirements.txt

FROM packages AS packages-models
COPY requirements/torch.txt requirements/models.txt /
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r /torch.txt \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /models.txt

FROM python:3.12.8-slim-bookworm AS ground
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data HOST=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --create-home fitting && install -d -o fitting -g fitting /data
WORKDIR /app
COPY . .
RUN python -m compileall -q analysis annotation config pipeline studies
USER fitting
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "-c", "config/gunicorn.py"]

FROM ground AS models
# What is fetched from a hub is kept with the data.
ENV HF_HOME=/data/models XDG_CACHE_HOME=/tmp
COPY --from=packages-models /venv /venv

FROM ground
COPY --from=packages /venv /venv
