# docker build -t treeline . && docker run --rm -v "$PWD:/data" treeline run --suite quick
FROM python:3.11-slim
WORKDIR /treeline
# torch first and pinned: the newest build of the registry brings gigabytes of CUDA packages.
COPY constraints.txt .
RUN pip install --no-cache-dir --constraint constraints.txt torch
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt '.[page,scann,text]'
WORKDIR /data
ENV TREELINE_CACHE=/data/.treeline OMP_WAIT_POLICY=PASSIVE
ENTRYPOINT ["treeline"]
